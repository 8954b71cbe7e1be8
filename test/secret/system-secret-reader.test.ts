import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SystemSecretReader } from '../../src/secret/system-secret-reader.js';

function secretFile(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'belay-secret-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'secret'), content);
  return join(folder, 'secret');
}

describe('SystemSecretReader', () => {
  const reader = new SystemSecretReader({ TOKEN: ' a b\n', EMPTY: '' });

  it('reads the environment as it is', () => {
    expect(reader.readEnv('TOKEN')).toBe(' a b\n');
    expect(() => reader.readEnv('EMPTY')).toThrow('${env:EMPTY}: this environment variable is empty');
    expect(() => reader.readEnv('toString')).toThrow('${env:toString}: this environment variable is not set');
  });

  it.each([
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['two\nlines\n\n', 'two\nlines\n'],
    [' spaces ', ' spaces '],
  ])('reads %j from a file as %j', (content, secret) => {
    expect(reader.readFile(secretFile(content))).toBe(secret);
  });

  it('names the file, and never what is in it', () => {
    const empty = secretFile('\n');
    expect(() => reader.readFile(empty)).toThrow(`\${file:${empty}}: the file is empty`);
    expect(() => reader.readFile('secret')).toThrow('${file:secret}: the path of a secret must be absolute');
    expect(() => reader.readFile('/nowhere/secret')).toThrow('${file:/nowhere/secret}: the file cannot be read (ENOENT)');
    const huge = secretFile('x'.repeat(70_000));
    expect(() => reader.readFile(huge)).toThrow(`\${file:${huge}}: the file is larger than 64 KiB`);
  });

  it('does not read what has no end', () => {
    expect(() => reader.readFile('/dev/zero')).toThrow('${file:/dev/zero}: this is not a file');
  });
});
