import { BelayError } from '../fault/belay-error.js';

/** No message of anybody nests deeper than this. */
const DEEPEST = 64;

/**
 * Reads a body from outside as JSON in UTF-8. Throws BelayError `parameter-invalid`, with the JSON path where there is
 * one: for bytes that are no UTF-8, for what is no JSON or is nested too deeply, and for names that would reach into the
 * objects of this program (`__proto__`).
 */
export function parseStrictJson(body: Buffer): unknown {
  const value = parse(decode(body));
  const pending: { readonly node: unknown; readonly path: string; readonly depth: number }[] = [{ node: value, path: '', depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, path, depth } = next;
    if (typeof node !== 'object' || node === null) continue;
    if (depth > DEEPEST) throw refusal(path, `is nested deeper than ${DEEPEST} levels`);
    for (const [key, child] of Object.entries(node)) {
      const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (key === '__proto__') throw refusal(at, 'is a name that is not taken');
      pending.push({ node: child, path: at, depth: depth + 1 });
    }
  }
  return value;
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw refusal('', 'is not UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal('', `is not JSON: ${cause instanceof SyntaxError ? cause.message : 'it cannot be read'}`);
  }
}

const SHOWN_CHARACTERS = 200;

function refusal(path: string, message: string): BelayError {
  const shown = path === '' ? '/' : path.slice(0, SHOWN_CHARACTERS);
  return new BelayError('parameter-invalid', `body ${shown}: ${message.slice(0, SHOWN_CHARACTERS)}`, { context: { problems: [{ in: 'body', path: shown, message: message.slice(0, SHOWN_CHARACTERS) }] } });
}
