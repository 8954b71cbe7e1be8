import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { belayProgram } from '../support/programs.js';

it('ends as ever when nobody reads its answer to the end, as with `belay check | head`', async () => {
  const child = spawn(process.execPath, [belayProgram, 'check', '--config', '/nowhere/belay.yaml'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(stderr).not.toMatch(/EPIPE|Unhandled/);
});
