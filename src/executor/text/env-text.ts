import { BelayError } from '../../fault/belay-error.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;
/** Indentation and `export`, name, `=`, value with its quotation marks, and what follows (a comment). */
const LINE = /^(\s*(?:export\s+)?)([A-Za-z_][A-Za-z0-9_.]*)(\s*=[ \t]*)('[^']*'|"(?:[^"\\]|\\.)*"|[^\s#][^#\r]*?|)([ \t]+#[^\r]*|[ \t]*)(\r?)$/;

/** The value of a name in a .env file: its last line counts, as it does for those that read such files. */
export function getFromEnv(text: string, name: string): string | undefined {
  const line = text.split('\n').findLast((candidate) => LINE.exec(candidate)?.[2] === name);
  const written = line === undefined ? undefined : LINE.exec(line)?.[4];
  if (written === undefined) return undefined;
  if (written.startsWith("'") && written.endsWith("'")) return written.slice(1, -1);
  if (written.startsWith('"') && written.endsWith('"')) return written.slice(1, -1).replaceAll(/\\(["\\$`])/g, '$1');
  return written;
}

/** Sets a value in its line, or in a new one at the end. Throws `parameter-invalid` for what such a file cannot hold. */
export function setInEnv(text: string, name: string, value: unknown, file: string): string {
  if (!NAME.test(name)) throw new BelayError('parameter-invalid', `${file}: ${JSON.stringify(name)} cannot be the name of a variable`);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw new BelayError('parameter-invalid', `${file}: ${name} must be text, a number, true or false`);
  const written = quotedValue(String(value), name, file);
  const lines = text.split('\n');
  const index = lines.findLastIndex((line) => LINE.exec(line)?.[2] === name);
  if (index >= 0) {
    lines[index] = (lines[index] ?? '').replace(LINE, (_line, before: string, key: string, equals: string, _old: string, after: string, end: string) => `${before}${key}${equals}${written}${after}${end}`);
    return lines.join('\n');
  }
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${name}=${written}\n`;
}

/** Takes the line of a name out, the last one if there are several. */
export function removeFromEnv(text: string, name: string): string {
  const lines = text.split('\n');
  const index = lines.findLastIndex((line) => LINE.exec(line)?.[2] === name);
  return index < 0 ? text : lines.toSpliced(index, 1).join('\n');
}

function quotedValue(value: string, name: string, file: string): string {
  if (/[\r\n\0]/.test(value)) throw new BelayError('parameter-invalid', `${file}: ${name} must be a single line`);
  if (/^[\w./:@%+,=-]*$/.test(value)) return value;
  return value.includes("'") ? `"${value.replaceAll(/["\\$`]/g, '\\$&')}"` : `'${value}'`;
}
