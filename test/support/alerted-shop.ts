import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BelayProcess, type BelayFiles } from './belay-process.js';
import { startPrometheus, type PrometheusServer } from './prometheus-server.js';

export const WEBHOOK_TOKEN = 'a-token-for-alertmanager';

/** Sets a version and writes down that it did. */
const set = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const [, , verb, file, value] = process.argv;
if (verb === 'get') process.stdout.write(existsSync(file) ? readFileSync(file, 'utf8') : 'v2');
else {
  await new Promise((resolve) => setTimeout(resolve, 200));
  writeFileSync(file, value);
  appendFileSync('effects.txt', file + '\\n');
}
`;

export interface AlertedShopOptions {
  readonly targets?: readonly string[];
  /** Keys of every trigger. */
  readonly trigger?: object;
}

/**
 * Shops that are broken until Belay deploys v1 of them, a metric for each (`broken{service="NAME"}`), and Belay guarding
 * them by the alert ShopDown alone. `effects` says what was really deployed.
 */
export class AlertedShop {
  readonly belay: BelayProcess;
  readonly metricsUrl: string;
  readonly #server: Server;

  private constructor(belay: BelayProcess, server: Server, metricsUrl: string) {
    this.belay = belay;
    this.#server = server;
    this.metricsUrl = metricsUrl;
  }

  static async start(sources: object, options: AlertedShopOptions = {}): Promise<AlertedShop> {
    const { targets = ['shop'], trigger = {} } = options;
    const holder: { directory?: string } = {};
    const { server, url } = await startMetrics(targets, holder);
    const belay = await BelayProcess.start(shopFiles(targets, sources, trigger));
    holder.directory = belay.directory;
    return new AlertedShop(belay, server, url);
  }

  get effects(): readonly string[] {
    const file = join(this.belay.directory, 'effects.txt');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  deliver(message: unknown, token = WEBHOOK_TOKEN): Promise<Response> {
    return fetch(`${this.belay.url}/api/v1/alertmanager`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  async stop(): Promise<void> {
    await this.belay.stop();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A metrics endpoint of shops; each is mended once `version-NAME.txt` is there. */
async function startMetrics(targets: readonly string[], holder: { readonly directory?: string }): Promise<{ readonly server: Server; readonly url: string }> {
  const isBroken = (target: string): boolean => holder.directory !== undefined && !existsSync(join(holder.directory, `version-${target}.txt`));
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE broken gauge\n${targets.map((target) => `broken{service="${target}"} ${isBroken(target) ? 1 : 0}\n`).join('')}`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics` };
}

function shopFiles(targets: readonly string[], sources: object, trigger: object): BelayFiles {
  const command = (verb: string, ...rest: readonly string[]): readonly string[] => [process.execPath, 'set.mjs', verb, ...rest];
  return {
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      http: { auth: { tokens: [{ name: 'alertmanager', role: 'webhook', token: WEBHOOK_TOKEN }] } },
      sources,
      targets: Object.fromEntries(targets.map((target) => [target, { owners: ['a'] }])),
      deployments: Object.fromEntries(targets.map((target) => [target, { type: 'command', deploy: command('set', `version-${target}.txt`, '${version}'), current: command('get', `version-${target}.txt`) }])),
      policy: { fleet: { maxTargets: 100, maxConcurrent: 10 } },
    },
    ...Object.fromEntries(
      targets.map((target) => [`rules/${target}.yaml`, { target, triggers: [{ name: `Down-${target}`, alertmanager: { match: { alertname: 'ShopDown', service: target } }, level: 3, ...trigger }] }]),
    ),
    ...Object.fromEntries(
      targets.map((target) => [
        `plans/${target}.yaml`,
        {
          id: `${target}-back`,
          name: 'back',
          target,
          level: 3,
          verification: { hold: '1s', timeout: '40s', interval: '250ms' },
          steps: [{ id: 'act', name: 'act', type: 'deployment', timeout: 20, parameters: { service: target, version: 'v1', environment: 'test' } }],
        },
      ]),
    ),
    'set.mjs': set,
  };
}

/** Prometheus with the rule ShopDown over the shops' metrics, telling Alertmanagers. Its folder outlives `stop`, so that it can start again. */
export class AlertingPrometheus {
  #server: PrometheusServer | undefined;

  private constructor(
    readonly directory: string,
    readonly port: number,
  ) {}

  static async start(metricsUrl: string, alertmanagerUrls: readonly string[], port: number): Promise<AlertingPrometheus> {
    const prometheus = new AlertingPrometheus(await mkdtemp(join(tmpdir(), 'belay-prometheus-')), port);
    const rule = { alert: 'ShopDown', expr: 'broken > 0', labels: { severity: 'page' }, annotations: { summary: 'the shop is down' } };
    await writeFile(join(prometheus.directory, 'rules.yml'), JSON.stringify({ groups: [{ name: 'shop', interval: '1s', rules: [rule] }] }));
    const { host, pathname } = new URL(metricsUrl);
    await prometheus.run({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagerUrls.map((url) => new URL(url).host) }] }] },
      scrape_configs: [{ job_name: 'shop', metrics_path: pathname, static_configs: [{ targets: [host] }] }],
    });
    return prometheus;
  }

  async run(config: Readonly<Record<string, unknown>>): Promise<void> {
    this.#config = config;
    this.#server = await startPrometheus({ config, port: this.port, directory: this.directory, arguments: ['--rules.alert.resend-delay=1s'] });
  }

  async restart(): Promise<void> {
    await this.#server?.stop();
    await this.run(this.#config);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  #config: Readonly<Record<string, unknown>> = {};
}

/** An alertmanager.yml that delivers everything to Belay: each alert by itself, at once, and again every second. */
export function deliveringTo(belayUrl: string, route: object = {}): Readonly<Record<string, unknown>> {
  return {
    route: { receiver: 'belay', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1s', ...route },
    receivers: [{ name: 'belay', webhook_configs: [{ url: `${belayUrl}/api/v1/alertmanager`, send_resolved: true, http_config: { authorization: { credentials: WEBHOOK_TOKEN } } }] }],
  };
}
