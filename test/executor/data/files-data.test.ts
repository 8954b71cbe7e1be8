import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StepRunner } from '../../support/step-runner.js';

let directory: string;
const step = { database: 'uploads', snapshotId: 'monday' };
const at = (...path: string[]): string => join(directory, ...path);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-files-'));
  write('backups/monday/a.txt', 'a');
  write('backups/monday/deep/b b.bin', 'b'.repeat(100_000));
  chmodSync(at('backups/monday/a.txt'), 0o640);
  symlinkSync('deep/b b.bin', at('backups/monday/link'));
  sums();
  write('uploads/a.txt', 'overwritten by a bad release');
  write('uploads/new.txt', 'came since');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function sums(names: readonly string[] = ['a.txt', 'deep/b b.bin']): void {
  writeFileSync(at('backups/monday.sha256'), names.map((name) => `${createHash('sha256').update(readFileSync(at('backups/monday', name))).digest('hex')}  monday/${name}\n`).join(''));
}

function runner(executionId = 'rollback-1', directoryName = 'uploads'): StepRunner {
  return new StepRunner({ directory, executionId, bindings: { databases: { uploads: { type: 'files', directory: directoryName, backups: { directory: 'backups', maxAge: '1h' } } } } });
}

const tree = (path = 'uploads'): string[] => readdirSync(at(path), { recursive: true, encoding: 'utf8' }).sort();
const beside = (): string[] => readdirSync(directory).map((name) => name.replace(/\d{8}T\d{6}Z-[0-9a-f]+/, '…')).sort();

it('a snapshot takes the place of the directory, which is kept; undo puts it back', async () => {
  const run = runner();
  expect(await run.ready('data', step)).toMatch(/^snapshot monday is verified: 2 files, \d+s old, their checksums are right$/);
  const captured = await run.capture('data', step);
  await run.execute('data', step);
  expect([tree(), readFileSync(at('uploads/a.txt'), 'utf8'), statSync(at('uploads/a.txt')).mode & 0o777, readlinkSync(at('uploads/link'))]).toEqual([['a.txt', 'deep', 'deep/b b.bin', 'link'], 'a', 0o640, 'deep/b b.bin']);
  expect([beside(), await run.state('data', step), await runner('rollback-2').state('data', step)]).toEqual([['.uploads.belay.json', 'backups', 'uploads', 'uploads.before-…'], 'applied', 'not-applied']);
  write('uploads/later.txt', 'uploaded after it');
  await expect(run.undo('data', step, captured)).rejects.toMatchObject({ code: 'state-drifted', message: expect.stringMatching(/added, changed or removed since they were restored from monday.*kept in uploads\.before-/) as string });
  await expect(run.describeUndo('data', step, captured)).rejects.toMatchObject({ code: 'state-drifted' });
  expect(tree()).toContain('later.txt');
  rmSync(at('uploads/later.txt'));
  await run.undo('data', step, captured);
  expect([tree(), beside()]).toEqual([['a.txt', 'new.txt'], ['.uploads.belay.json', 'backups', 'uploads', 'uploads.undone-…']]);
});

it.each<[string, () => void]>([
  ['changed in place', () => write('uploads/a.txt', 'b')],
  ['removed', () => rmSync(at('uploads/a.txt'))],
  ['pointed elsewhere', () => { rmSync(at('uploads/link')); symlinkSync('a.txt', at('uploads/link')); }],
])('undo is refused where a file was %s', async (_what, change) => {
  const captured = await runner().capture('data', step);
  await runner().execute('data', step);
  change();
  const before = tree();
  await expect(runner().undo('data', step, captured)).rejects.toMatchObject({ code: 'state-drifted' });
  expect([tree(), beside()]).toEqual([before, ['.uploads.belay.json', 'backups', 'uploads', 'uploads.before-…']]);
});

it('an undo that was killed between its two renames is carried to its end', async () => {
  const captured = await runner().capture('data', step);
  await runner().execute('data', step);
  renameSync(at('uploads'), at('uploads.undone-20260101T000000Z-0000000000'));
  await runner().undo('data', step, captured);
  expect([tree(), beside()]).toEqual([['a.txt', 'new.txt'], ['.uploads.belay.json', 'backups', 'uploads', 'uploads.undone-…']]);
});

it('killed between its two renames, it is carried to its end', async () => {
  await runner().execute('data', step);
  const kept = readdirSync(directory).find((name) => name.startsWith('uploads.before-')) ?? '';
  // As it was in that moment: the old one is away, the new one is not there yet.
  const hash = kept.split('-').at(-1) ?? '';
  renameSync(at('uploads'), at(`.uploads.restoring-${hash}`));
  writeFileSync(at('.uploads.belay.json'), readFileSync(at('.uploads.belay.json'), 'utf8').replace('"done"', '"ready"'));
  expect(await runner().state('data', step)).toBe('not-applied');
  await runner().execute('data', step);
  expect([tree(), readdirSync(at(kept)).sort(), await runner().state('data', step)]).toEqual([['a.txt', 'deep', 'deep/b b.bin', 'link'], ['a.txt', 'new.txt'], 'applied']);
});

it('a link to the directory stays a link', async () => {
  renameSync(at('uploads'), at('real'));
  symlinkSync('real', at('uploads'));
  await runner().execute('data', step);
  expect([readlinkSync(at('uploads')), tree(), beside()]).toEqual(['real', ['a.txt', 'deep', 'deep/b b.bin', 'link'], ['.real.belay.json', 'backups', 'real', 'real.before-…', 'uploads']]);
});

it.each<[string, string, () => void]>([
  ['has a link that leads out', 'leads out of the snapshot', () => symlinkSync('../../uploads/new.txt', at('backups/monday/out'))],
  ['has a link to the root', 'leads out of the snapshot', () => symlinkSync('/etc/passwd', at('backups/monday/out'))],
  ['has another content', 'is not what its checksum says', () => write('backups/monday/a.txt', 'x')],
  ['lacks a file', 'lacks monday/a.txt', () => rmSync(at('backups/monday/a.txt'))],
  ['has a file too many', 'have none of more.txt', () => write('backups/monday/more.txt', 'x')],
  ['has no checksums', 'has no checksums', () => rmSync(at('backups/monday.sha256'))],
  ['has checksums that are none', 'is not a line of sha256sum', () => writeFileSync(at('backups/monday.sha256'), 'hello')],
  ['is too old', 'old, and at most 1h is allowed', () => writeFileSync(at('backups/monday.json'), JSON.stringify({ madeAt: '2026-01-01T00:00:00Z' }))],
  ['is a link that leads out', 'leads out of', () => { renameSync(at('backups/monday'), at('elsewhere')); symlinkSync('../elsewhere', at('backups/monday')); }],
])('a snapshot is refused, and the directory is left alone, when it %s', async (_why, words, make) => {
  make();
  await expect(runner().execute('data', step)).rejects.toMatchObject({ code: 'backup-unfit', message: expect.stringContaining(words) as string });
  expect([tree(), existsSync(at('.uploads.belay.json'))]).toEqual([['a.txt', 'new.txt'], false]);
});
