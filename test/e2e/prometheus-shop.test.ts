import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { setFlag } from '../../src/demo/shop/bad-change.js';
import { deployRelease } from '../../src/demo/shop/deployment.js';
import { startTraffic, type Traffic } from '../../src/demo/shop/traffic.js';
import type { Incident } from '../../src/incident/incident.js';
import { BelayProcess } from '../support/belay-process.js';
import { scrapeConfig, startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startTestShop, type TestShop } from '../support/test-shop.js';

const second = 1_000;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function opened<T extends { stop(): Promise<void> }>(thing: T): T {
  closers.push(() => thing.stop());
  return thing;
}

interface Scene {
  readonly shop: TestShop;
  readonly traffic: Traffic;
  readonly prometheus: PrometheusServer;
  readonly belay: BelayProcess;
  readonly smtp: TestSmtpServer;
  readonly slack: TestSlackServer;
}

/** A real shop with customers, a real Prometheus that scrapes it, and the real daemon on guard. */
async function scene(mode: 'enforce' | 'dry-run', changes: { readonly rule?: object } = {}): Promise<Scene> {
  const shop = opened(await startTestShop());
  await shipFlaggedFault(shop);
  const traffic = opened(startTraffic({ shopUrl: shop.url, requestsPerSecond: 40 }));
  const prometheus = opened(await startPrometheus({ config: { global: { evaluation_interval: '1s' }, ...scrapeConfig('shop', `${shop.url}/metrics`) } }));
  const smtp = opened(await TestSmtpServer.start());
  const slack = opened(await TestSlackServer.start('xoxb-test-token'));
  const belay = opened(
    await BelayProcess.start({
      'belay.yaml': {
        environment: 'test',
        mode,
        store: 'sqlite:./belay.db',
        sources: { prometheus: { type: 'prometheus', url: prometheus.url, interval: '1s', timeout: '900ms' } },
        targets: { shop: { health: { url: `${shop.url}/health`, interval: '1s', timeout: '1s', expect: { status: 200, json: { status: 'healthy' } } } } },
        featureFlags: { default: { type: 'file', path: shop.layout.flags } },
        notify: { slack: { token: 'xoxb-test-token', channel: '#incidents', apiUrl: slack.apiUrl }, email: { smtp: smtp.url, from: 'belay@example.com', to: ['ops@example.com'] } },
      },
      'rules/shop.yaml': {
        target: 'shop',
        triggers: [
          {
            name: 'ShopErrorRateHigh',
            source: 'prometheus',
            expr: '(sum(rate(http_requests_total{job="shop",status=~"5.."}[4s])) or vector(0)) / sum(rate(http_requests_total{job="shop"}[4s]))',
            condition: '> 10%',
            for: '4s',
            severity: 'critical',
            level: 1,
            ...changes.rule,
          },
        ],
      },
      'plans/flag.yaml': {
        id: 'shop-flag-off', name: 'Switch the new checkout off', description: 'customers use the old one', phase: 'incremental-migration', target: 'shop', level: 1, dependencies: [], estimatedDuration: 1,
        steps: [{ id: 'off', name: 'new-checkout off', description: 'off', type: 'feature-flag', parameters: { flagKey: 'new-checkout', targetState: false }, timeout: 10 }],
        verification: { hold: '3s', timeout: '30s' },
      },
    }),
  );
  return { shop, traffic, prometheus, belay, smtp, slack };
}

/** Ships a release whose only fault is behind the flag `new-checkout`. */
async function shipFlaggedFault({ layout, url }: TestShop): Promise<void> {
  const release = join(layout.releases, 'v3');
  await cp(join(layout.releases, 'v1'), release, { recursive: true });
  const file = join(release, 'release.mjs');
  const good = await readFile(file, 'utf8');
  await writeFile(
    file,
    `${good.replace("'v1'", "'v3'").replace('export function checkout', 'function oldCheckout')}
export function checkout(basket, tools) {
  if (tools.isOn('new-checkout') && basket.coupon === undefined) throw new Error('the new checkout wants a coupon');
  return oldCheckout(basket, tools);
}
`,
  );
  await deployRelease(layout, 'v3', { shopUrl: url });
}

const steps = (incident: Incident): readonly string[] => incident.decisions.map(({ kind, reason, level }) => `${kind} ${reason} ${level ?? '-'}`);
const flagIsOn = async (shop: TestShop): Promise<boolean> => /"defaultVariant":\s*"on"/.test(await readFile(shop.layout.flags, 'utf8'));

describe('a real shop behind a real Prometheus', () => {
  it('errors rise, the window counts, the flag goes off, errors stop, recovery is proved, people are told', async () => {
    const { shop, belay, smtp, slack } = await scene('enforce');
    await belay.until('it sees', 20 * second, async () => ((await belay.get<{ sources: { state: string }[] }>('/api/v1/status')).sources.some(({ state }) => state === 'seeing') ? true : undefined));
    await setFlag(shop.layout, 'new-checkout', true);
    const incident = await belay.incident('recovered', 60 * second, ({ status }) => status === 'recovered');
    expect(await flagIsOn(shop)).toBe(false);
    expect(steps(incident)).toEqual(['execute sustained-breach 1']);
    const [alert] = incident.alerts;
    expect((alert?.evidence.firedAt ?? 0) - (alert?.evidence.activeAt ?? 0)).toBeGreaterThanOrEqual(4 * second);
    expect(incident.rungs).toMatchObject([{ planId: 'shop-flag-off', outcome: 'success', steps: [{ status: 'success' }], verification: { result: { outcome: 'recovered' } } }]);
    await belay.until('mails', 20 * second, async () => (smtp.mails.length >= 3 ? true : undefined));
    expect(smtp.mails.map(({ subject }) => subject).join('\n')).toContain('shop');
    await belay.until('Slack', 20 * second, async () => (JSON.stringify(slack.messages).includes('recovered') ? true : undefined));
    expect(belay.log + JSON.stringify(incident)).not.toContain('xoxb-test-token');
  });

  it('takes the same decisions in dry run and changes nothing', async () => {
    const { shop, belay } = await scene('dry-run');
    await setFlag(shop.layout, 'new-checkout', true);
    const incident = await belay.incident('would have', 60 * second, ({ rungs }) => rungs[0]?.outcome === 'would-have');
    expect(steps(incident)[0]).toBe('execute sustained-breach 1');
    expect(incident.rungs[0]).toMatchObject({ mode: 'dry-run', steps: [{ status: 'would-have', description: { before: 'on', after: 'off' } }] });
    expect(await flagIsOn(shop)).toBe(true);
  });

  it('does not roll back while Prometheus is gone, and goes on when it returns', async () => {
    const { shop, belay, prometheus } = await scene('enforce', { rule: { for: '6s' } });
    await setFlag(shop.layout, 'new-checkout', true);
    await belay.until('pending', 30 * second, async () => {
      const { triggers } = await belay.get<{ triggers: { alerts: { state: string }[] }[] }>('/api/v1/triggers');
      return triggers[0]?.alerts[0]?.state === 'pending' ? true : undefined;
    });
    const port = Number(new URL(prometheus.url).port);
    await prometheus.stop();
    await new Promise((resolve) => setTimeout(resolve, 10 * second));
    expect(await flagIsOn(shop)).toBe(true);
    expect(await belay.incidents()).toEqual([]);
    opened(await startPrometheus({ port, config: { ...scrapeConfig('shop', `${shop.url}/metrics`) } }));
    await belay.incident('recovered', 60 * second, ({ status }) => status === 'recovered');
    expect(await flagIsOn(shop)).toBe(false);
  });
});
