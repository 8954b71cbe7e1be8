import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { formatFlags, parseFlags } from '../../src/demo/shop/flags.js';
import { WatchedFile } from '../../src/demo/shop/watched-file.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belay-watched-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

it('keeps the last good value while the file is broken, and takes the next good one', async () => {
  const path = join(folder, 'flags.json');
  await writeFile(path, formatFlags({ a: true }));
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const file = new WatchedFile(path, parseFlags);
  try {
    await writeFile(path, '{ "flags": ');
    await vi.waitFor(() => expect(said).toHaveBeenCalledWith(expect.stringContaining('stays as it was')), 5_000);
    expect(file.value).toEqual({ a: true });
    await writeFile(path, formatFlags({ a: false, b: true }));
    await vi.waitFor(() => expect(file.value).toEqual({ a: false, b: true }), 5_000);
  } finally {
    file.close();
  }
});

it('does not start on a file that was never good', async () => {
  const path = join(folder, 'flags.json');
  await writeFile(path, '[]');
  expect(() => new WatchedFile(path, parseFlags)).toThrow();
});

it('takes a disabled flag for off, whatever its default variant says', () => {
  const flag = { state: 'DISABLED', variants: { on: true, off: false }, defaultVariant: 'on' };
  expect(parseFlags(JSON.stringify({ flags: { a: flag, b: { ...flag, state: 'ENABLED' } } }))).toEqual({ a: false, b: true });
});
