import { readFileSync } from 'node:fs';
import { BelayError } from '../fault/belay-error.js';

/** `NAME=value` as a shell reads it: a value in quotes, or up to the first space; what follows may be a comment. */
const LINE = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"$`\\]*))\s*(?:(?<=\s)#.*)?$/;

/**
 * Reads a file of settings, of the kind that `set -a; . ./settings.env` puts into the environment. What only a shell
 * could fill in (`$HOME`) is refused. Throws BelayError `config-invalid`, with the line and without a value.
 */
export function readSettingsFile(file: string): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [index, line] of textOf(file).split(/\r?\n/).entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const [, name, quoted, doubleQuoted, plain] = LINE.exec(line) ?? [];
    if (name === undefined) throw new BelayError('config-invalid', `${file}:${index + 1}: this is no setting: write NAME=value, or NAME='value' where it holds a space, a quote or one of $ \` \\`);
    settings[name] = quoted ?? doubleQuoted ?? plain ?? '';
  }
  return settings;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BelayError('config-invalid', `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown fault'})`, { cause });
  }
}
