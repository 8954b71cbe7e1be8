const FIRST_GRAVE_LEVEL = 4;

/** What has to be typed before a database or a whole system is put back: the name of what it happens to. */
export function typedConfirmation(level: number | undefined, name: string): string | undefined {
  return level !== undefined && level >= FIRST_GRAVE_LEVEL ? name : undefined;
}
