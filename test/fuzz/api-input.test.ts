import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startDaemon, type Daemon } from '../../src/daemon/daemon.js';
import { startAnsweringServer } from '../support/answering-server.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { corpus, expectAlways, fuzzTimeout } from '../support/fuzz.js';

const TOKEN = 'the-token-of-root';
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH'] as const;

/** Names that this daemon knows, so that much of what is asked is meant well. */
const known = ['checkout', 'flag-off', 'QueueDeep', 'new-checkout', '1.2.3'];
const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...known, '..', '%', '%00', '%ff', '__proto__', 'constructor', '\u0000', 'a'.repeat(5_000), '-1', '1e9', 'NaN', "' or 1=1 --", '\r\nx: y'));
const field = fc.constantFrom('plan', 'target', 'level', 'reason', 'dryRun', 'version', 'kind', 'for', 'decision', 'limit', 'now', 'by', '__proto__', 'configVersion', 'flags', 'trigger');
const body = fc.oneof(
  fc.json(),
  fc.string(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.dictionary(field, fc.oneof(word, fc.jsonValue(), fc.constantFrom<unknown>(1, true, null, '5m', 'deploy', 'good', 'approve'))).map((value) => JSON.stringify(value)),
  fc.record({ plan: fc.constant('flag-off'), reason: word, dryRun: fc.boolean() }).map((value) => JSON.stringify(value)),
  fc.record({ target: fc.constant('checkout'), kind: fc.constantFrom('deploy', 'good'), version: word, reason: word, for: fc.constantFrom('1s', '5m') }, { requiredKeys: ['target'] }).map((value) => JSON.stringify(value)),
);
const asked = fc.record({
  path: fc.nat(1_000),
  method: fc.constantFrom(...METHODS),
  words: fc.array(word, { minLength: 3, maxLength: 3 }),
  query: fc.dictionary(fc.constantFrom('limit', 'target', 'before', 'format', 'period', 'x'), word),
  body: fc.option(body, { nil: undefined }),
  type: fc.constantFrom('application/json', 'application/json; charset=utf-16', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

/** A daemon whose whole API may be asked anything, down to its store and its flag file. */
async function startAskedDaemon(): Promise<{ readonly daemon: Daemon; readonly expectAnswered: (asked: Asked) => Promise<void>; readonly stop: () => Promise<void> }> {
  const app = await startAnsweringServer('# TYPE queue_depth gauge\nqueue_depth 1\n');
  const file = configFolder({
    'belay.yaml': `environment: test
store: sqlite:./belay.db
http: { listen: 127.0.0.1:0, auth: { tokens: [{ name: root, role: admin, token: ${TOKEN} }] } }
sources: { app: { type: scrape, url: "${app.url}", interval: 1s } }
targets: { checkout: {} }
featureFlags: { default: { type: file, path: flags.json } }
policy: { cooldown: 0s }
`,
    'rules/checkout.yaml': 'target: checkout\ntriggers:\n  - { name: QueueDeep, source: app, signal: { type: queueDepth, metric: queue_depth }, condition: "> 10", for: 5m, level: 1 }\n',
    'plans/checkout.yaml': goodFiles['plans/checkout.yaml'],
  });
  writeFileSync(join(dirname(file), 'flags.json'), JSON.stringify({ flags: { 'new-checkout': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } }));
  const daemon = await startDaemon({ configFile: file, logLevel: 'silent' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (method: string, url: string, headers: Record<string, string>, payload: string | undefined): Promise<{ readonly status: number; readonly text: string }> => {
    const sent = httpRequest(`${daemon.url}${url}`, { method, agent, headers: { authorization: `Bearer ${TOKEN}`, ...headers, ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }) } });
    // A HEAD with too many headers for it to be known as one is refused with a body, which Node's client minds after the answer.
    sent.on('error', () => undefined);
    sent.end(payload);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, text: (await buffer(answer)).toString() };
  };
  const described = JSON.parse((await send('GET', '/api/v1/openapi.json', {}, undefined)).text) as { paths: object };
  // A stream of events has no end that could be waited for.
  const paths = [...Object.keys(described.paths).filter((path) => !path.endsWith('/events')), '/api/v1/unknown', '/-/unknown'];
  return {
    daemon,
    async expectAnswered({ path, method, words, query, body: payload, type }) {
      const next = [...words];
      const url = (paths[path % paths.length] ?? '/').replace(/\{[^}]+\}/g, () => encodeURIComponent(Buffer.from(next.shift() ?? 'x').toString()));
      const search = new URLSearchParams(query).toString();
      const { status, text } = await send(method, search === '' ? url : `${url}?${search}`, type === '' || payload === undefined ? {} : { 'content-type': type }, payload);
      expect(status, `${method} ${url}: ${text.slice(0, 300)}`).toBeLessThan(500);
      if (status >= 400 && method !== 'HEAD') expect(typeof (JSON.parse(text) as { error: { code: unknown } }).error.code).toBe('string');
    },
    async stop() {
      agent.destroy();
      await daemon.stop('the test is over');
      await app.stop();
    },
  };
}

it('whatever is asked of the API of a real daemon is answered, and never by a fault of ours', { timeout: fuzzTimeout }, async () => {
  const { expectAnswered, stop } = await startAskedDaemon();
  try {
    for (const [, text] of corpus('api')) await expectAnswered(JSON.parse(text) as Asked);
    await expectAlways('api', fc.asyncProperty(asked, expectAnswered), 300);
  } finally {
    await stop();
  }
});
