/** A value as one part of a URL: encoded, so that it leaves neither its path segment nor its place in the query. `undefined`: it can be no part of one. */
export function urlPart(text: string): string | undefined {
  // URL parsers resolve these two even when their dots are encoded.
  if (text === '.' || text === '..') return undefined;
  try {
    return encodeURIComponent(text);
  } catch {
    return undefined; // Half of a surrogate pair has no encoding.
  }
}
