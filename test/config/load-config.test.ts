import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createChannels } from '../../src/notify/notifier.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { FakeClock } from '../support/fake-clock.js';
import { separationPlan } from '../support/separation-plan.js';

async function loaded(file: string, env: Record<string, string> = {}): Promise<Config> {
  const result = await loadConfig(file, { env });
  if (!result.ok) throw new Error(result.problems.map(({ file: where, line, message }) => `${where}:${line}: ${message}`).join('\n'));
  return result.config;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('a configuration that uses everything', () => {
  const files = {
    'belay.yaml': `environment: production
mode: dry-run
store: sqlite:data/belay.db
http: { listen: "[::1]:9797", auth: { tokens: [ { name: ops, role: operator, token: "\${env:OPS_TOKEN}" } ] } }
sources:
  prom: { type: prometheus, url: "https://prom.example/prefix", headers: { Authorization: "Bearer \${env:PROM_TOKEN}" } }
  app: { type: scrape, url: "http://127.0.0.1:3000/metrics", interval: 2s, timeout: 1s500ms }
targets:
  checkout:
    owners: [payments]
    priority: critical
    rto: 5m
    mode: enforce
    health: { url: "http://127.0.0.1:3000/health", expect: { status: 204, json: { db: { up: true } }, contains: ok, maxLatency: 300ms } }
  search: {}
deployments:
  frontend: { type: command, deploy: [deploy, "\${service}@\${version}"], current: [current] }
notify:
  slack: { token: xoxb-literal-token, channel: "#incidents", apiUrl: http://127.0.0.1:4000/api }
policy: { cooldown: 0s, fleet: { maxConcurrent: 3 } }
`,
    'rules/checkout.yaml': `target: checkout
triggers:
  - name: Ratio
    source: prom
    expr: |
      sum(rate(errors_total[1m]))
        / sum(rate(requests_total[1m]))
    condition: { above: 10%, clear: 5% }
    for: 5m
    onNoData: breach
    severity: critical
    levels: [1, 3]
    labels: { team: payments }
    annotations: { summary: "errors at \${value} in \${labels.zone}" }
  - { name: Down, source: health, for: { consecutive: 4 }, plan: release-back }
  - { name: Deep, source: app, signal: { type: queueDepth, metric: depth, select: { queue: orders } }, condition: "> 1000", for: 1m, response: monitor, mode: observe }
`,
    'plans/one.yml': `id: release-back
name: Release back
target: checkout
level: 3
dependencies: [prepare]
estimatedDuration: 15m
steps:
  - { id: deploy, name: Deploy, type: deployment, parameters: { service: frontend, version: "\${rollbackPoint.version}", environment: "\${context.environment}" }, timeout: 90s, continueOnError: false, idempotent: false }
verification:
  checks:
    - { type: http, url: "http://127.0.0.1:3000/", headers: { Authorization: "\${env:OPS_TOKEN}" }, expect: { maxLatency: 1s } }
  hold: 30s
`,
    'plans/two.json': '[{"id":"prepare","name":"Prepare","steps":[{"id":"w","name":"Wait","type":"wait","parameters":{"duration":"5s"},"timeout":9}]},{"id":"search-off","name":"Search off","target":"search","level":1,"steps":[{"id":"w","name":"Wait","type":"wait","parameters":{"duration":"5s"},"timeout":9}]}]',
    'plans/notes.txt': 'not a plan',
    'rules/.hidden.yaml': 'nonsense: [',
  };
  const env = { OPS_TOKEN: 'ops-secret-1', PROM_TOKEN: 'prom-secret-2' };

  it('is complete, with times in milliseconds and paths that are absolute', async () => {
    const file = configFolder(files);
    const config = await loaded(file, env);
    expect(config).toMatchObject({
      file,
      directory: dirname(file),
      environment: 'production',
      mode: 'dry-run',
      storePath: join(dirname(file), 'data/belay.db'),
      http: { host: '::1', port: 9797, tokens: [{ name: 'ops', role: 'operator', token: 'ops-secret-1' }] },
      sources: [
        { name: 'prom', type: 'prometheus', url: 'https://prom.example/prefix', intervalMs: 15_000, timeoutMs: 10_000, headers: { Authorization: 'Bearer prom-secret-2' } },
        { name: 'app', type: 'scrape', intervalMs: 2_000, timeoutMs: 1_500, headers: {} },
      ],
      health: [{ target: 'checkout', intervalMs: 5_000, timeoutMs: 2_000, headers: {}, expect: { status: 204, json: { db: { up: true } }, contains: 'ok', maxLatencyMs: 300 } }],
      targets: [
        { name: 'checkout', owners: ['payments'], priority: 'critical', rtoMs: 300_000, mode: 'enforce', hasHealth: true },
        { name: 'search', owners: [], priority: 'medium', hasHealth: false },
      ],
      bindings: { featureFlags: {}, deployments: { frontend: { type: 'command', deploy: ['deploy', '${service}@${version}'] } } },
      notify: { slack: { token: 'xoxb-literal-token', channel: '#incidents', apiUrl: 'http://127.0.0.1:4000/api/' }, webhook: [] },
      policy: { cooldownMs: 0, maxRollbacks: { count: 2, perMs: 3_600_000 }, fleet: { maxTargets: 2, perMs: 600_000, maxConcurrent: 3 }, maxAutoLevel: 3 },
    });
  });

  it('has triggers that are ready to be evaluated', async () => {
    const [ratio, down, deep] = (await loaded(configFolder(files), env)).triggers;
    expect(ratio).toEqual({
      name: 'Ratio',
      target: 'checkout',
      source: 'prom',
      query: { kind: 'promql', expr: 'sum(rate(errors_total[1m]))\n  / sum(rate(requests_total[1m]))\n' },
      queryText: 'sum(rate(errors_total[1m])) / sum(rate(requests_total[1m]))',
      condition: { comparison: '>', threshold: 0.1, unit: 'ratio', text: '> 10%' },
      clearCondition: { comparison: '<=', threshold: 0.05, unit: 'ratio', text: '<= 5%' },
      window: { kind: 'for', forMs: 300_000 },
      maxAlerts: 100,
      onNoData: 'breach',
      onError: 'hold',
      severity: 'critical',
      response: 'immediate',
      levels: { from: 1, to: 3 },
      planId: undefined,
      mode: undefined,
      labels: { team: 'payments' },
      annotations: { summary: 'errors at ${value} in ${labels.zone}' },
      intervalMs: 15_000,
    });
    expect(down).toMatchObject({
      query: { kind: 'health', target: 'checkout' }, queryText: 'health of checkout', condition: { text: '== 0' }, window: { kind: 'consecutive', count: 4 },
      severity: 'high', planId: 'release-back', levels: undefined, intervalMs: 5_000,
    });
    expect(deep).toMatchObject({ queryText: 'depth{queue="orders"}', response: 'monitor', mode: 'observe', levels: undefined, intervalMs: 2_000 });
  });

  it('keeps the references of steps for the run, and fills those of a verification', async () => {
    const { plans, verifications } = await loaded(configFolder(files), env);
    expect(plans.map(({ id }) => id)).toEqual(['release-back', 'prepare', 'search-off']);
    expect(plans[0]).toMatchObject({ level: 3, dependencies: ['prepare'], estimatedDuration: 15, steps: [{ parameters: { version: '${rollbackPoint.version}' }, timeout: 90, idempotent: false }] });
    expect([...verifications.keys()]).toEqual(['release-back', 'search-off']);
    expect(verifications.get('release-back')).toMatchObject({ checks: [{ type: 'http', headers: { Authorization: 'ops-secret-1' }, expect: { status: 200, maxLatencyMs: 1_000 } }], holdMs: 30_000, timeoutMs: 600_000 });
    // Nothing is declared for search but its alerts, which always count.
    expect(verifications.get('search-off')).toEqual({ checks: [], holdMs: 120_000, timeoutMs: 600_000, intervalMs: 5_000 });
  });

  it('cannot be changed', async () => {
    const config = await loaded(configFolder(files), env);
    expect(() => Object.assign(config.policy.fleet, { maxTargets: 99 })).toThrow(TypeError);
    expect(() => Object.assign(config.plans[0]!.steps[0]!.parameters, { version: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(config.verifications.get('release-back')!, { holdMs: 0 })).toThrow(TypeError);
  });

  it('tells the redactor of every secret, also of those written out', async () => {
    const { redactor } = await loadConfig(configFolder(files), { env });
    expect(redactor.text('Bearer ops-secret-1 prom-secret-2 xoxb-literal-token checkout')).toBe('Bearer [redacted] [redacted] [redacted] checkout');
  });
});

it('knows who must hear of a trigger by the names under which it may fire, and opens the channels that lead to them', async () => {
  const { notify } = await loaded(configFolder({ ...goodFiles, 'belay.yaml': `${goodFiles['belay.yaml'].replace(/notify:[^]*/, '')}notify:\n  slack: { token: xoxb-1234, channel: "#ops" }\n  required: [ { trigger: Errors, to: "#legal" } ]\n` }));
  expect(notify.required).toMatchObject([{ triggers: ['Errors', 'Errors:critical', 'Errors:high', 'Errors:medium', 'Errors:low'], to: [{ kind: 'channel', channel: 'slack:#legal' }] }]);
  expect(createChannels(notify, new FakeClock()).map(({ name }) => name)).toEqual(['slack', 'slack:#legal']);
});

it('takes the only source and the health of the target where nothing is said', async () => {
  const config = await loaded(
    configFolder({
      ...goodFiles,
      'belay.yaml': goodFiles['belay.yaml'].replace(/ {2}app: .*\n/, ''),
      'rules/checkout.yaml': goodFiles['rules/checkout.yaml'].replace(/ {4}source: .*\n/, ''),
    }),
  );
  expect(config.triggers[0]).toMatchObject({ source: 'prom', intervalMs: 15_000 });
  expect(config.verifications.get('flag-off')?.checks).toEqual([{ type: 'health', name: 'health of checkout', target: 'checkout', timeoutMs: 2_000 }]);
});

it('takes two plans of one rung when every trigger that gets there names its own', async () => {
  const rule = (name: string, end: string): string => `  - { name: ${name}, source: health, for: 1m, ${end} }\n`;
  const plan = (id: string): string => goodFiles['plans/checkout.yaml'].replace('flag-off', id);
  const files = { ...goodFiles, 'plans/checkout.yaml': plan('a'), 'plans/other.yaml': plan('b') };
  await loaded(configFolder({ ...files, 'rules/checkout.yaml': `target: checkout\ntriggers:\n${rule('A', 'plan: a')}${rule('B', 'plan: b')}` }));
  const result = await loadConfig(configFolder({ ...files, 'rules/checkout.yaml': `target: checkout\ntriggers:\n${rule('A', 'plan: a')}${rule('B', 'level: 1')}` }), { env: {} });
  expect(result).toMatchObject({ ok: false, problems: [{ path: 'level', message: expect.stringContaining('another plan is on level 1') as string }] });
});

it.each([
  ['one plan', (text: string) => text],
  ['a list', (text: string) => `- ${text.trim().replaceAll('\n', '\n  ')}\n`],
  ['plans: with a list', (text: string) => `plans:\n  - ${text.trim().replaceAll('\n', '\n    ')}\n`],
])("loads a plan of the shape of the user's documents as it stands: %s", async (_title, shape) => {
  const config = await loaded(
    configFolder({
      ...goodFiles,
      'belay.yaml': `${goodFiles['belay.yaml']}  slack: { token: xoxb-1234, channel: "#ops" }\ndeployments: { storefront: { type: command, deploy: [a], current: [b] } }\nconfigurations: { gateway: { type: git, repo: ., paths: [routes] } }\n`,
      'plans/split.yaml': shape(stringify(separationPlan())),
    }),
  );
  expect(config.plans.find(({ id }) => id === 'storefront-split-rollback')).toEqual({ ...separationPlan(), target: undefined, level: undefined });
  expect(config.verifications.has('storefront-split-rollback')).toBe(false);
});

it('accepts the files that ship', async () => {
  const env = Object.fromEntries(['BELAY_DEMO_HOME', 'SHOP_HOME', 'SLACK_TOKEN', 'BELAY_TOKEN', 'BELAY_METRICS_TOKEN', 'BELAY_WEBHOOK_TOKEN'].map((name) => [name, `/tmp/${name}`]));
  const urls = { SHOP_URL: 'http://127.0.0.1:1', SLACK_API_URL: 'http://127.0.0.1:2/', SMTP_URL: 'smtp://127.0.0.1:3', BELAY_DEMO_LISTEN: '127.0.0.1:0' };
  for (const file of ['belay.yaml', 'deploy/belay/belay.yaml']) expect((await loaded(join(root, file), { ...env, ...urls })).targets, file).toHaveLength(1);
});
