/** Keys that documents of Belay describe and that this version does not have, so that nobody searches for a slip of the pen. */
const laterKeys = new Set([
  ...['drills', 'heartbeat', 'retention', 'plugins', 'sharedFate'],
  ...['routes', 'escalation'],
]);

/** The same for types and other closed choices. */
const laterChoices = new Set([
  ...['pm2', 'compose', 'systemd', 'github-actions'],
]);

export const isLaterKey = (key: string): boolean => laterKeys.has(key);
export const isLaterChoice = (word: string): boolean => laterChoices.has(word);
