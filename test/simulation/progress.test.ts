import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Progress } from './progress.js';

it('counts a seed once every seed before it has ended, in whatever order they end, and goes on there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'belay-seeds-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'progress.json');
  const progress = await Progress.in(file);
  progress.note({ seed: 2 });
  progress.note({ seed: 4 });
  await progress.save(file);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ nextSeed: 1, passed: 0, failed: [] });
  progress.note({ seed: 1, told: 'a promise is broken' });
  await progress.save(file);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ nextSeed: 3, passed: 1, failed: [1] });
  expect((await Progress.in(file)).nextSeed).toBe(3);
});
