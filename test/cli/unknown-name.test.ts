import { expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { configFolder, goodFiles } from '../support/config-folder.js';

test('a name that is not known is answered with those that are', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = await main(['--config', configFolder({ ...goodFiles, 'belay.yaml': `${goodFiles['belay.yaml']}http: { listen: 127.0.0.1:1 }\n` }), 'plan', 'no-such-plan']);
  const text = told.mock.calls.map(([line]) => String(line)).join('');
  told.mockRestore();
  expect(code).toBe(1);
  expect(text).toMatch(/belay: there is no plan no-such-plan\n {2}known: flag-off\n$/);
});
