const NUMBER_TAG = '$number';
const DATE_TAG = '$date';
const LITERAL_TAG = '$literal';
const TAGS: readonly string[] = [NUMBER_TAG, DATE_TAG, LITERAL_TAG];

/**
 * Plain data as JSON that reads back as it was, where JSON alone would lose it: NaN and ±Infinity become
 * `{"$number":"NaN"}`, a Date `{"$date":"2026-01-01T00:00:00.000Z"}`, and an object that looks like one of these is
 * wrapped in `{"$literal":…}`. Properties that are `undefined` are left out.
 */
export function stringifyTagged(value: unknown): string {
  return JSON.stringify(tag(value));
}

export function parseTagged(text: string): unknown {
  return untag(JSON.parse(text));
}

function tag(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { [NUMBER_TAG]: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(tag);
  if (value instanceof Date) return { [DATE_TAG]: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  const tagged = mapValues(value, tag);
  return tagOf(value) === undefined ? tagged : { [LITERAL_TAG]: tagged };
}

function untag(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(untag);
  const content = (value as Record<string, unknown>)[tagOf(value) ?? ''];
  switch (tagOf(value)) {
    case NUMBER_TAG:
      return Number(content);
    case DATE_TAG:
      return new Date((content as string | null) ?? NaN);
    case LITERAL_TAG:
      return mapValues(content as object, untag);
    default:
      return mapValues(value, untag);
  }
}

function tagOf(value: object): string | undefined {
  const keys = Object.keys(value);
  return keys.length === 1 ? TAGS.find((known) => known === keys[0]) : undefined;
}

function mapValues(value: object, change: (item: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
}
