import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { BelayProcess } from '../support/belay-process.js';
import { GitRepo } from '../support/git-repo.js';
import { separationPlan } from '../support/separation-plan.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Notes the version that it was told to deploy, fails the first time, and prints it when asked. */
const deployScript = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const [, , verb, version, environment] = process.argv;
if (verb === 'current') process.stdout.write(readFileSync('version.txt', 'utf8'));
else {
  appendFileSync('deploys.txt', version + ' ' + environment + '\\n');
  if (!existsSync('tried.txt')) { writeFileSync('tried.txt', ''); process.exit(1); }
  writeFileSync('version.txt', version);
}
`;

it('a plan in the shape of the user\'s documents runs as it stands, every effect real and read back', async () => {
  const smtp = await TestSmtpServer.start();
  closers.push(() => smtp.stop());
  const slack = await TestSlackServer.start();
  closers.push(() => slack.stop());
  const gateway = new GitRepo(await mkdtemp(join(tmpdir(), 'belay-gateway-')));
  closers.push(() => rm(gateway.directory, { recursive: true, force: true }));
  gateway.commit({ 'routes.yaml': 'backend: monolith\n' }, 'routes-7');
  gateway.commit({ 'routes.yaml': 'backend: split\n' });

  const belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'production',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      featureFlags: { default: { type: 'file', path: 'flags.json' } },
      deployments: { storefront: { type: 'command', deploy: [process.execPath, 'deploy.mjs', 'deploy', '${version}', '${environment}'], current: [process.execPath, 'deploy.mjs', 'current'] } },
      configurations: { gateway: { type: 'git', repo: gateway.directory, paths: ['routes.yaml'] } },
      notify: { slack: { token: 'xoxb-the-token', channel: '#incidents', apiUrl: slack.apiUrl }, email: { smtp: smtp.url, from: 'belay@example.com', to: ['ops@example.com'] } },
    },
    'plans/separation.yaml': stringify(separationPlan()),
    'flags.json': { flags: { 'split-endpoints': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } },
    'deploy.mjs': deployScript,
    'version.txt': '5.0.0',
  });
  closers.push(() => belay.stop());

  const check = await belay.cli('check', '--json');
  expect(check).toMatchObject({ code: 0 });
  const run = await belay.cli('rollback', 'storefront-split-rollback', '--reason', 'the split fails', '--json');
  expect(run).toMatchObject({ code: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'success', steps: [{ status: 'success' }, { status: 'success' }, { status: 'success', attempts: 2 }, { status: 'success' }, { status: 'success' }] });

  const inFolder = (file: string): Promise<string> => readFile(join(belay.directory, file), 'utf8');
  expect(JSON.parse(await inFolder('flags.json'))).toMatchObject({ flags: { 'split-endpoints': { defaultVariant: 'off' } } });
  expect(await inFolder('version.txt')).toBe('4.2.0');
  expect(await inFolder('deploys.txt')).toBe('4.2.0 production\n4.2.0 production\n');
  expect(await readFile(join(gateway.directory, 'routes.yaml'), 'utf8')).toBe('backend: monolith\n');
  await belay.until('the mail to those whom the step names', 10_000, () => Promise.resolve(smtp.mails.find(({ envelopeTo }) => envelopeTo.includes('leads@shop.example'))));
  await belay.until('the Slack message', 10_000, () => Promise.resolve(slack.messages.find(({ fields }) => JSON.stringify(fields).includes('Storefront split rolled back'))));
  const mail = smtp.mails.find(({ envelopeTo }) => envelopeTo.includes('leads@shop.example'));
  expect(mail?.text).toMatch(/environment:\s+production[\s\S]*trigger:\s+manual[\s\S]*triggeredBy:\s+local operator/);

  // Once more: nothing is left to change, so nothing is deployed again.
  await writeFile(join(belay.directory, 'deploys.txt'), '');
  expect(await belay.cli('rollback', 'storefront-split-rollback', '--reason', 'once more')).toMatchObject({ code: 0 });
  expect(await inFolder('deploys.txt')).toBe('');
});
