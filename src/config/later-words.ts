/** Keys that documents of Belay describe and that this version does not have, so that nobody searches for a slip of the pen. */
const laterKeys = new Set([
  ...['sharedFate'],
]);

export const isLaterKey = (key: string): boolean => laterKeys.has(key);
