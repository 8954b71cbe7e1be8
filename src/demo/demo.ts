import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import { CloseStack } from '../daemon/close-stack.js';
import { startDaemon, type Daemon } from '../daemon/daemon.js';
import type { TriggerView } from '../http/guard-api.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { demoEnvironment } from './demo-environment.js';
import { storyOf } from './demo-story.js';
import { DemoTerminal } from './demo-terminal.js';
import { shipBadChange } from './shop/bad-change.js';
import { prepareShop } from './shop/prepare-shop.js';
import { startShop } from './shop/start-shop.js';
import { startTraffic, type Traffic } from './shop/traffic.js';
import { startSlackSink, type SlackSink } from './slack-sink.js';
import { startSmtpSink, type SmtpSink } from './smtp-sink.js';

export interface DemoOptions {
  /** Goes on running after the story, until `stopped` aborts. */
  readonly keep: boolean;
  /** A person wants it to end. */
  readonly stopped: AbortSignal;
}

const HEALTHY_FOR_MS = 4_000;
const STORY_WITHIN_MS = 120_000;
const PROOF_MS = 3_000;
const LOOK_EVERY_MS = 250;
const BAR_WIDTH = 20;

/**
 * A small shop, its customers, and Belay on guard: ships a bad change and shows what happens. Resolves with whether the
 * shop has really recovered, as its customers see it.
 */
export async function runDemo({ keep, stopped }: DemoOptions): Promise<boolean> {
  const terminal = new DemoTerminal();
  const opened = new CloseStack();
  try {
    return await tell(terminal, opened, keep, stopped);
  } finally {
    terminal.clearStatus();
    await opened.close();
  }
}

async function tell(terminal: DemoTerminal, opened: CloseStack, keep: boolean, stopped: AbortSignal): Promise<boolean> {
  const home = await mkdtemp(join(tmpdir(), 'belay-demo-'));
  opened.add('the demo directory', () => rm(home, { recursive: true, force: true }));
  terminal.heading('A small shop, and Belay on guard');
  const layout = await prepareShop(join(home, 'shop'));
  const shop = await startShop(layout);
  opened.add('the shop', () => shop.stop());
  const traffic = startTraffic({ shopUrl: shop.url });
  opened.add('the customers', () => traffic.stop());
  const slack = await startSlackSink();
  opened.add('the Slack sink', () => slack.stop());
  const mail = await startSmtpSink();
  opened.add('the mail sink', () => mail.stop());
  const listen = `127.0.0.1:${await freePort()}`;
  Object.assign(process.env, demoEnvironment({ home, listen, layout, shopUrl: shop.url, slackUrl: slack.url, smtpUrl: mail.url }));

  const story = new Story(terminal);
  const daemon = await startDaemon({
    configFile: fileURLToPath(new URL('../../belay.yaml', import.meta.url)),
    logLevel: 'error',
    onJournaled: (entry) => story.hear(entry),
  });
  opened.add('Belay', () => daemon.stop('the demo is over'));
  terminal.line({ tone: 'plain', text: `the shop runs release v1 (process ${shop.pid}) with 30 customers a second; Belay reads ${shop.url}/metrics each second` });

  await watch(terminal, daemon, traffic, sleep(HEALTHY_FOR_MS, undefined, { signal: stopped }).catch(() => undefined));
  if (stopped.aborted) return false;
  terminal.line({ tone: 'good', text: `all is well: ${traffic.counts().ok} customers served, ${traffic.counts().failed} errors` });
  terminal.heading('A bad change is shipped: release v2, the flag new-checkout on, new configuration');
  await shipBadChange(layout, shop.url);
  terminal.line({ tone: 'bad', text: 'release v2 serves; it fails for baskets without a coupon' });
  const ended = await watch(terminal, daemon, traffic, story.end(stopped));
  const recovered = ended === 'incident-recovered' && (await provesRecovery(terminal, shop.url, traffic));
  await sleep(500);
  showMessages(terminal, slack, mail);
  terminal.heading(recovered ? 'The shop has recovered, and nobody was woken.' : 'The shop has NOT recovered.');
  if (keep) {
    terminal.text(`It goes on: shop ${shop.url}, Belay ${daemon.url} (BELAY_URL=${daemon.url} belay status). Ctrl-C ends it.`);
    await untilAborted(stopped);
  }
  return recovered;
}

/** Tells journal lines as they come, and knows how the incident ended. */
class Story {
  readonly #terminal: DemoTerminal;
  readonly #ended: Promise<JournalEvent['type']>;
  #end!: (type: JournalEvent['type']) => void;

  constructor(terminal: DemoTerminal) {
    this.#terminal = terminal;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  hear({ event }: JournalEntry): void {
    for (const line of storyOf(event)) this.#terminal.line(line);
    if (event.type === 'incident-recovered' || event.type === 'needs-human') this.#end(event.type);
  }

  /** How it ended, or `undefined` when it did not in time. */
  async end(stopped: AbortSignal): Promise<JournalEvent['type'] | undefined> {
    const late = new AbortController();
    const inTime = sleep(STORY_WITHIN_MS, undefined, { signal: AbortSignal.any([late.signal, stopped]) }).catch(() => undefined);
    const ended = await Promise.race([this.#ended, inTime]);
    late.abort();
    return ended;
  }
}

/** Keeps the live line true while something is waited for: how many requests fail, and how far the window has filled. */
async function watch<T>(terminal: DemoTerminal, daemon: Daemon, traffic: Traffic, until: Promise<T>): Promise<T> {
  const done = until.then((value) => ({ value }));
  for (;;) {
    const ended = await Promise.race([done, sleep(LOOK_EVERY_MS, undefined)]);
    if (ended !== undefined) {
      terminal.clearStatus();
      return ended.value;
    }
    const { data } = await axios.get<{ triggers: readonly TriggerView[] }>(`${daemon.url}/api/v1/triggers`, { proxy: false });
    const errors = data.triggers.find((trigger) => trigger.name === 'ShopErrorRateHigh');
    const alert = errors?.alerts[0];
    const { ok, failed } = traffic.counts();
    const pending = alert?.activeAt === undefined || alert.state !== 'pending' ? '' : `  window ${bar((Date.now() - alert.activeAt) / 8_000)}`;
    terminal.status(`errors ${alert?.value ?? 'unknown'} (${errors?.condition ?? ''} ${errors?.window ?? ''})${pending}  customers ${ok} well, ${failed} failed`);
  }
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`;
}

/** Asks the customers and the shop itself, not Belay. */
async function provesRecovery(terminal: DemoTerminal, shopUrl: string, traffic: Traffic): Promise<boolean> {
  const before = traffic.counts();
  await sleep(PROOF_MS);
  const after = traffic.counts();
  const { data } = await axios.get<{ version?: string; status?: string }>(`${shopUrl}/health`, { proxy: false, validateStatus: () => true });
  const served = after.ok - before.ok;
  const failed = after.failed + after.unreachable - before.failed - before.unreachable;
  const well = served > 0 && failed === 0 && data.status === 'healthy' && data.version === 'v1';
  terminal.line({ tone: well ? 'good' : 'bad', text: `proof from outside: the shop says release ${data.version ?? 'unknown'}, ${data.status ?? 'unknown'}; of the last ${served + failed} customers ${failed} saw an error` });
  return well;
}

function showMessages(terminal: DemoTerminal, slack: SlackSink, mail: SmtpSink): void {
  terminal.heading('What people were told');
  for (const message of slack.channel()) {
    terminal.line({ tone: 'plain', text: `Slack ${message.channel}: ${firstLine(message.text)}` });
    for (const reply of slack.thread(message.ts)) terminal.line({ tone: 'plain', text: `  in its thread: ${firstLine(reply.text)}` });
  }
  const mails = mail.mails();
  for (const { to, subject } of mails.filter((one) => !one.subject.startsWith('Re: '))) {
    const further = mails.filter((one) => one.subject === `Re: ${subject}`).length;
    terminal.line({ tone: 'plain', text: `mail to ${to.join(', ')}: ${subject}${further === 0 ? '' : `, and ${further} more in its thread`}` });
  }
}

function firstLine(text: string): string {
  // Slack wants these three characters written as entities, and shows them as what they are.
  return (text.split('\n')[0] ?? '').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
