import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';

it('the three files of the README load as they stand', async () => {
  const readme = await readFile('README.md', 'utf8');
  const [belay = '', rules = '', plan = ''] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  const directory = await mkdtemp(join(tmpdir(), 'belay-readme-'));
  try {
    await mkdir(join(directory, 'rules'));
    await mkdir(join(directory, 'plans'));
    await writeFile(join(directory, 'belay.yaml'), belay);
    await writeFile(join(directory, 'rules', 'checkout.yaml'), rules);
    await writeFile(join(directory, 'plans', 'flag.yaml'), plan);
    const result = await loadConfig(join(directory, 'belay.yaml'), { env: { SLACK_TOKEN: 'xoxb-1234567890' } });
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
