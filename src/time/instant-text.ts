/** `2026-11-21 03:12:07Z`: an instant in milliseconds since the epoch, to the second, in UTC. */
export function instantText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
