import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { SLACK_SCOPES } from '../../src/doctor/look-at-channels.js';
import { configFolder } from '../support/config-folder.js';
import { codeBlocks, readDoc, tableRows } from '../support/markdown.js';

const sections = readdirSync('docs/guides').flatMap((page) =>
  codeBlocks(readDoc(join('docs/guides', page)))
    .filter(({ info }) => info === 'yaml section')
    .map(({ text, line }) => ({ page, text, line })),
);

it('there are sections in the guides', () => expect(sections.map(({ page }) => page)).toEqual(expect.arrayContaining(['dry-run-to-enforce.md', 'kubernetes.md', 'slack.md', 'systemd.md'])));

it.each(sections)('$page: the section of line $line loads', async ({ text }) => {
  const files = { 'belay.yaml': text.includes('targets:') ? text : `environment: production\ntargets: {}\n${text}` };
  const result = await loadConfig(configFolder(files), { env: { BELAY_TOKEN: 'long-enough', SLACK_TOKEN: 'xoxb-1234567890', SLACK_SIGNING_SECRET: '0123456789abcdef' } });
  expect(result.ok ? [] : result.problems).toEqual([]);
});

it('the scopes of the Slack app are those that doctor asks for', () => {
  const guide = readDoc('docs/guides/slack.md');
  const scopes = [...SLACK_SCOPES.keys()];
  expect(tableRows(guide, 'Bot scope').map(([scope]) => scope)).toEqual(scopes);
  expect(guide).toContain(`bot: [${scopes.join(', ')}]`);
});
