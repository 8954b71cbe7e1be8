/** The examples of docs/changes.md are run as pipelines run them, against the interface that they speak to. */
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { freePort } from '../support/free-port.js';
import { codeBlocks, readDoc } from '../support/markdown.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';

const TOKEN = 'secret-of-the-pipeline';
const [shell, github, gitlab, argo] = codeBlocks(readDoc('docs/changes.md').split('## From a pipeline')[1] ?? '');
const guard = new RecordingGuardApi();
const app = createHttpServer({
  live: new RecordingLiveApi(),
  reports: emptyReports,
  guard,
  settings: { host: '127.0.0.1', port: 0, tokens: [{ name: 'ci', role: 'operator', token: TOKEN }] },
  operatorToken: 'the-daemons-own-token',
  logger: pino({ level: 'silent' }),
  registry: new Registry(),
  redactor: new Redactor(),
});
let url: string;
beforeAll(async () => {
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterAll(() => app.close());
beforeEach(() => guard.calls.splice(0));

const run = (script: string, env: Readonly<Record<string, string>>): Promise<{ readonly stderr: string }> =>
  promisify(execFile)('bash', ['-e', '-c', script], { env: { PATH: process.env['PATH'] ?? '', BELAY_URL: url, BELAY_TOKEN: TOKEN, ...env } });
const marked = (version: string, target = 'checkout'): unknown => [['markChange', expect.objectContaining({ target, version, kind: 'deploy' }), 'ci']];

test('a shell script', async () => {
  await run(shell?.text ?? '', { VERSION: 'v42' });
  expect(guard.calls).toEqual(marked('v42'));
});

test('a shell script goes on where Belay cannot be reached, and says so', async () => {
  const { stderr } = await run(`${shell?.text ?? ''}echo deployed >&2`, { VERSION: 'v42', BELAY_URL: `http://127.0.0.1:${await freePort()}` });
  expect(stderr).toContain('Belay has not heard of v42');
  expect(stderr).toContain('deployed');
});

test('GitHub Actions', async () => {
  const [step] = parse(github?.text ?? '') as { env: Record<string, string>; run: string; 'continue-on-error': boolean }[];
  expect(step?.['continue-on-error']).toBe(true);
  expect(Object.keys(step?.env ?? {})).toEqual(['BELAY_URL', 'BELAY_TOKEN', 'VERSION']);
  await run(step?.run ?? '', { VERSION: '8d5e957' });
  expect(guard.calls).toEqual(marked('8d5e957'));
});

test('GitLab', async () => {
  const { deploy } = parse(gitlab?.text ?? '') as { deploy: { script: string[] } };
  const [tell = ''] = deploy.script;
  await run(tell, { CI_COMMIT_SHORT_SHA: '8d5e957' });
  expect(guard.calls).toEqual(marked('8d5e957'));
  await run(`${tell}\n./deploy.sh || true`, { CI_COMMIT_SHORT_SHA: '8d5e957', BELAY_URL: `http://127.0.0.1:${await freePort()}` });
});

test('Argo CD', async () => {
  const { data } = parse(argo?.text ?? '') as { data: Record<string, string> };
  const { headers } = parse(data['service.webhook.belay'] ?? '') as { headers: { name: string; value: string }[] };
  const { webhook } = parse(data['template.belay-deploy'] ?? '') as { webhook: { belay: { method: string; path: string; body: string } } };
  const fills: Readonly<Record<string, string>> = { '{{.app.metadata.name}}': 'checkout', '{{.app.status.operationState.operation.sync.revision}}': '8d5e957' };
  const body = Object.entries(fills).reduce((text, [place, value]) => text.replaceAll(place, value), webhook.belay.body);
  const answer = await fetch(`${url}${webhook.belay.path}`, {
    method: webhook.belay.method,
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value.replaceAll('$belay-token', TOKEN)])),
    body,
  });
  expect([answer.status, body]).toEqual([204, expect.not.stringContaining('{{')]);
  expect(guard.calls).toEqual(marked('8d5e957'));
});
