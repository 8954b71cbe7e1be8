import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { startDaemon, type Daemon } from '../../src/daemon/daemon.js';
import { startAnsweringServer, type AnsweringServer } from './answering-server.js';
import { freePort } from './free-port.js';

export const tokens = { viewer: 'token-of-vera', operator: 'token-of-olga', approver: 'token-of-ana' } as const;

interface PageWorldOptions {
  readonly mode?: 'enforce' | 'dry-run' | 'observe';
  /** Without them, this machine may view. */
  readonly hasTokens?: boolean;
  readonly interval?: string;
  /** More triggers, all on one target, which the page must bear. */
  readonly manyTriggers?: number;
}

/** What a slow step waits for, so that a test sees it at work. */
const WAITS = `const { existsSync } = require('node:fs'); console.log('connections are drained'); const timer = setInterval(() => { if (existsSync(process.argv[1])) { console.log('the release is switched'); clearInterval(timer); } }, 50);`;

/**
 * A real daemon in this process on a world of a few numbers: `checkout` with a ladder of flag and code, `payments` with
 * a plan that takes an approval, `search` with a source of its own that can go blind.
 */
export class PageWorld {
  #daemon: Daemon | undefined;
  readonly #values = new Map<string, number>();

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly main: AnsweringServer,
    private readonly other: AnsweringServer,
    private readonly options: PageWorldOptions,
  ) {}

  static async start(options: PageWorldOptions = {}): Promise<PageWorld> {
    const [folder, port, main, other] = await Promise.all([mkdtemp(join(tmpdir(), 'belay-page-')), freePort(), startAnsweringServer(), startAnsweringServer()]);
    const world = new PageWorld(folder, port, main, other, options);
    world.makeWell();
    await world.write(world.#files());
    await world.startDaemon();
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Everything measures what it should, and every source answers. */
  makeWell(): void {
    this.set({ checkout_error_ratio: 0.012, checkout_latency_seconds: 0.31, checkout_queue_depth: 42, payments_lost_rows: 0, search_latency_seconds: 0.18 });
    this.blind(false);
  }

  /** What the services measure of themselves from now on. */
  set(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
    const text = [...this.#values].map(([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`).join('');
    this.main.text = text;
    this.other.text = text;
  }

  /** The source of `search` answers no more, or again. */
  blind(isBlind: boolean): void {
    this.other.status = isBlind ? 503 : 200;
  }

  /** Lets the slow step of the release end. */
  async letReleaseEnd(): Promise<void> {
    await writeFile(join(this.folder, 'release-may-end'), '');
  }

  async write(files: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  /** The daemon goes on in another mode. */
  async setMode(mode: NonNullable<PageWorldOptions['mode']>): Promise<void> {
    await this.write({ 'belay.yaml': this.#files({ mode })['belay.yaml'] });
    await this.daemon.reload('the test');
  }

  #files(changes: PageWorldOptions = {}): Record<string, unknown> {
    return filesOf({ ...this.options, ...changes }, this.port, this.main.url, this.other.url);
  }

  /** The store takes no sign of life any more, as if its disk were full; it does so again after `mendStore`. */
  breakStore(): void {
    this.#inStore("create trigger full before update on guard_value begin select raise(abort, 'database or disk is full'); end");
  }

  mendStore(): void {
    this.#inStore('drop trigger full');
  }

  #inStore(statement: string): void {
    const database = new SqliteDatabase(join(this.folder, 'belay.db'));
    database.exec(statement);
    database.close();
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('the daemon is not running');
    return this.#daemon;
  }

  async startDaemon(): Promise<void> {
    this.#daemon = await startDaemon({ configFile: join(this.folder, 'belay.yaml'), logLevel: 'silent' });
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.stop('the test wants it');
    this.#daemon = undefined;
  }

  async stop(): Promise<void> {
    await this.letReleaseEnd();
    await this.stopDaemon();
    await Promise.all([this.main.stop(), this.other.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function filesOf({ mode = 'enforce', hasTokens = true, interval = '250ms', manyTriggers = 0 }: PageWorldOptions, port: number, main: string, other: string): Record<string, unknown> {
  const step = (id: string, name: string, type: string, parameters: object): object => ({ id, name, description: '', type, parameters, timeout: 60 });
  const plan = (id: string, name: string, target: string, level: number, steps: readonly object[]): object => ({
    id, name, description: `${name}, as the runbook has it`, phase: 'complete-transition', target, level, dependencies: [], estimatedDuration: 1, steps,
    verification: { checks: [], hold: '2s', timeout: '8s', interval: '250ms' },
  });
  const gauge = (name: string, source: string, metric: string, condition: string, more: object): object => ({ name, source, signal: { type: 'gauge', metric }, condition, for: '3s', ...more });
  return {
    'flags.json': { flags: { 'new-checkout': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } },
    'belay.yaml': {
      environment: 'production',
      mode,
      store: 'sqlite:./belay.db',
      http: {
        listen: `127.0.0.1:${port}`,
        ...(hasTokens ? { auth: { tokens: [{ name: 'vera', role: 'viewer', token: tokens.viewer }, { name: 'olga', role: 'operator', token: tokens.operator }, { name: 'ana', role: 'approver', token: tokens.approver }] } } : {}),
      },
      sources: { app: { type: 'scrape', url: main, interval, timeout: '1s' }, 'search-app': { type: 'scrape', url: other, interval, timeout: '1s' } },
      targets: { checkout: { owners: ['payments'], rto: '5m' }, payments: { owners: ['payments', 'dba'] }, search: { owners: ['discovery'] }, ...(manyTriggers > 0 ? { fleet: { owners: ['platform'] } } : {}) },
      featureFlags: { default: { type: 'file', path: './flags.json' } },
    },
    'rules/checkout.yaml': {
      target: 'checkout',
      triggers: [
        gauge('CheckoutErrorRateHigh', 'app', 'checkout_error_ratio', '> 10%', { severity: 'critical', levels: [1, 3], annotations: { summary: '${value} of checkout requests fail' } }),
        gauge('CheckoutSlow', 'app', 'checkout_latency_seconds', '> 1s', { severity: 'high', response: 'monitor' }),
        gauge('CheckoutQueueDeep', 'app', 'checkout_queue_depth', '> 300', { severity: 'medium', response: 'monitor', for: { consecutive: 8 } }),
      ],
    },
    'rules/payments.yaml': { target: 'payments', triggers: [gauge('PaymentsRowsLost', 'app', 'payments_lost_rows', '> 0', { severity: 'critical', level: 4 })] },
    'rules/search.yaml': { target: 'search', triggers: [gauge('SearchSlow', 'search-app', 'search_latency_seconds', '> 500ms', { severity: 'high', response: 'monitor' })] },
    ...(manyTriggers > 0 ? { 'rules/fleet.yaml': { target: 'fleet', triggers: Array.from({ length: manyTriggers }, (_, index) => gauge(`FleetQueueDeep${String(index).padStart(4, '0')}`, 'app', `fleet_queue_${index}`, '> 300', { severity: 'medium', response: 'monitor' })) } } : {}),
    'plans/flag-off.yaml': plan('checkout-flag-off', 'Switch the new checkout off', 'checkout', 1, [step('flag-off', 'new-checkout off', 'feature-flag', { flagKey: 'new-checkout', targetState: false })]),
    'plans/release-back.yaml': plan('checkout-release-back', 'Bring the last good release back', 'checkout', 3, [
      step('tell', 'Note the beginning', 'command', { command: [process.execPath, '-e', "console.log('noted')"] }),
      step('switch', 'Switch the release', 'command', { command: [process.execPath, '-e', WAITS, 'release-may-end'] }),
      step('tidy', 'Warm the caches', 'command', { command: [process.execPath, '-e', "console.log('warm')"] }),
    ]),
    'plans/restore.yaml': plan('payments-restore', 'Restore the rows from the snapshot', 'payments', 4, [step('restore', 'Restore table orders', 'command', { command: [process.execPath, '-e', "console.log('restored')"] })]),
  };
}
