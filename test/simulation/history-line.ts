/** `07:31:04.250 shop breaks`: a line of a history, by the time since its beginning. */
export function historyLine(sinceMs: number, text: string): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(sinceMs / 3_600_000)}:${two((sinceMs / 60_000) % 60)}:${two((sinceMs / 1000) % 60)}.${String(Math.floor(sinceMs % 1000)).padStart(3, '0')} ${text}`;
}
