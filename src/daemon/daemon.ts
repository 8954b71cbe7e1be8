import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { BelayError } from '../fault/belay-error.js';
import { AlertReceiver } from '../guard/alert-receiver.js';
import { lastDeployAt } from '../guard/changes.js';
import { composeGuard, type GuardTools } from '../guard/compose-guard.js';
import { Escalator } from '../guard/escalator.js';
import type { Eyes } from '../guard/eyes.js';
import type { Guard } from '../guard/guard.js';
import { ExecutionJournal } from '../guard/execution-journal.js';
import { Silencer } from '../guard/silencer.js';
import type { StatusView } from '../http/guard-api.js';
import { createHttpServer } from '../http/http-server.js';
import type { SlackPorts } from '../http/slack-routes.js';
import { readTls } from '../http/tls-settings.js';
import { foldIncident } from '../incident/incident.js';
import type { JournalEntry } from '../incident/incident-event.js';
import { BreachPictures } from '../notify/breach-pictures.js';
import { isForCustomers } from '../notify/message.js';
import type { RememberedSeries } from '../report/incident-plots.js';
import { Redactor } from '../secret/redactor.js';
import { SystemSecretReader } from '../secret/system-secret-reader.js';
import { createHttpClient } from '../source/http-client.js';
import { withReceiver } from '../source/create-sources.js';
import { ReceivedAlerts } from '../source/received-alerts.js';
import { createSilences } from '../source/silences.js';
import { Retention } from '../retention/retention.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import { systemClock, type Clock } from '../time/clock.js';
import { AliveMark } from './alive-mark.js';
import { CloseStack } from './close-stack.js';
import { problemLines, readConfig, refuseWhatNeedsRestart } from './read-config.js';
import { drillGrounds } from './drill-ground.js';
import { DrillService } from './drill-service.js';
import { type Equipment, equipmentOf } from './equipment.js';
import { Heartbeat } from './heartbeat.js';
import { GuardService } from './guard-service.js';
import { GuardViews } from './guard-views.js';
import { leftBehind } from './left-behind.js';
import { LiveFeed } from './live-feed.js';
import { createLogger } from './logger.js';
import { Messaging } from './messaging.js';
import { Metrics } from './metrics.js';
import { writeOperatorToken } from './operator-token.js';
import { keptFor } from './kept-for.js';
import { Reloads } from './reloads.js';
import { ReportService } from './report-service.js';
import { SeriesMemory } from './series-memory.js';
import { SourcePool } from './source-pool.js';
import { StepOutputs } from './step-outputs.js';
import { version } from './version.js';

export interface DaemonOptions {
  readonly configFile: string;
  readonly logLevel?: string;
  /** Hears of every journal line once it is durable. */
  readonly onJournaled?: (entry: JournalEntry) => void;
}

export interface Daemon {
  /** `http://127.0.0.1:9797`. */
  readonly url: string;
  readonly log: Logger;
  readonly config: Config;
  /** Reads the files again. A bad file keeps the old configuration, tells people, and rejects with BelayError `config-invalid`. */
  reload(by: string): Promise<void>;
  /**
   * Ends in order: no new work, the step in hand finished, messages composed, files closed. A step that takes longer
   * than `STEP_GRACE_MS` is left to the journal (`step-left`): the next start ends what is left of it, looks at the
   * real state and goes on.
   */
  stop(reason: string): Promise<'clean' | 'step-left'>;
}

const STEP_GRACE_MS = 20_000;
/** Connections that may wait to be accepted: an Alertmanager makes one for each of its groups, all at once when much breaks. */
const LISTEN_BACKLOG = 4_096;

/**
 * The composition root: everything that `belay run` consists of, from the files to the HTTP interface. Rejects with
 * BelayError `config-invalid` (`context.problems`), `store-locked` or `store-unavailable`; nothing is left open then.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const opened = new CloseStack();
  try {
    return await open(options, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function open({ configFile, logLevel, onJournaled }: DaemonOptions, opened: CloseStack): Promise<Daemon> {
  const clock = systemClock;
  const redactor = new Redactor();
  const log = createLogger(redactor, logLevel);
  const metrics = new Metrics(() => notReady().length === 0, () => store.size(), () => drills.drills());
  const report = (error: unknown, context: Readonly<Record<string, unknown>> = {}): void => log.error({ err: error, ...context }, 'unexpected');
  const startedAt = clock.now();
  let config = await readConfig(configFile, redactor);
  let refused: StatusView['configurationRefused'];
  let ready = false;

  const store = await openSqliteStore({ path: config.storePath, clock, redactor });
  opened.add('the store', () => store.close());
  const alive = new AliveMark(store.guard, clock, report, () => feed.noteState());
  const downForMs = await alive.downForMs();

  const remembered: RememberedSeries = (trigger, sinceAt) => guard.alertsOf(trigger).map(({ labels, fingerprint }) => ({ labels, points: series.pointsOf(trigger, fingerprint, sinceAt) }));
  const pictures = new BreachPictures({
    journal: store.guard,
    clock,
    redactor,
    view: () => ({ triggers: new Map(config.triggers.map((trigger) => [trigger.name, trigger])), sources: eyes.sources, changes: { lastDeployAt: (target, at) => lastDeployAt(guard.changes, target, at) }, remembered }),
    failed: (message) => log.warn({ message }, 'a message went out without its picture'),
  });
  const messaging = new Messaging(config, { store, clock, redactor, pictures, metrics, log, report });
  opened.add('the notifier', () => messaging.stop());
  const follow = (note: (entry: JournalEntry) => void): void => {
    store.onAppended((entries) => entries.forEach(note));
  };
  const measure = async (incidentId: string): Promise<void> => {
    const incident = await store.guard.entriesOfIncident(incidentId).then(foldIncident).catch(report);
    if (incident !== undefined) metrics.incidentEnded(incident);
  };
  follow((entry) => {
    metrics.journaled(entry.event);
    if (entry.event.type === 'incident-recovered' || entry.event.type === 'incident-closed') void measure(entry.event.incidentId);
    // Below a key of its own: an event's `level` is not the level of the line.
    log.info({ seq: entry.seq, event: entry.event }, entry.event.type);
    onJournaled?.(entry);
  });
  store.onAppended(() => messaging.journalAppended());

  const stopping = new AbortController();
  const outputs = new StepOutputs();
  const pool = new SourcePool();
  const received = new ReceivedAlerts();

  /** The sources of a configuration and what is made with them; `closeUnused` closes those that only the one before needed. */
  function equip(next: Config, { rollbacks, approvalGate }: GuardTools): { readonly eyes: Eyes; readonly equipment: Equipment; readonly closeUnused: () => Promise<void> } {
    const { sources: configured, closeUnused } = pool.use(next);
    const sources = withReceiver(configured, next.sources, received);
    const made = equipmentOf(next, { sources, clock, people: { planNotifier: messaging.plans, approvalGate } });
    for (const [type, executor] of made.executors) rollbacks.registerExecutor(type, executor);
    return { eyes: { sources, checks: made.checks }, equipment: made, closeUnused };
  }

  const series = new SeriesMemory();
  let eyes: Eyes;
  let equipment: Equipment;
  const equipFirst = (made: GuardTools): Eyes => {
    ({ eyes, equipment } = equip(config, made));
    return eyes;
  };
  const tools = composeGuard(config, equipFirst, {
    clock,
    store: store.guard,
    report,
    giveUp: stopping.signal,
    secrets: new SystemSecretReader(process.env),
    redactor,
    observer: metrics,
    onOutput: (of, text) => {
      outputs.note(of, text);
      feed.notePrinted(of);
    },
    onJudged: ({ name }, alerts) => {
      series.note(name, alerts);
      feed.noteJudged(name);
    },
    newId: (kind) => `${kind}-${randomUUID()}`,
  });
  const { guard, rollbacks } = tools;
  const receiver = new AlertReceiver(received, { store: store.received, clock, onChanged: (alerts) => guard.noteReceived(alerts), onFolded: (effects) => metrics.received(effects) });
  await receiver.restore();
  opened.add('the receiver', () => receiver.stop());
  opened.add('the sources', () => pool.close());
  const silencer = new Silencer({
    clock,
    store: store.guard,
    report,
    settingsOf: (target) => config.silences.get(target),
    silencesOf: (name) => config.sources.flatMap((source) => (source.name === name && source.type === 'alertmanager' ? [createSilences(source)] : []))[0],
  });
  await silencer.restore();
  follow((entry) => silencer.note(entry));
  opened.add('the silencer', () => silencer.stop());
  const escalator = new Escalator({ clock, store: store.guard, report, stepsOf: (target) => config.escalations.get(target) ?? [] });
  follow((entry) => escalator.note(entry));
  opened.add('the escalation', () => escalator.stop());
  const reports = new ReportService({ guard, store: store.guard, outbox: store.outbox, hasCustomers: () => messaging.channels.some(({ channel }) => isForCustomers(channel)), clock, redactor, report, settings: () => config.reports, sources: () => eyes.sources, remembered });
  follow((entry) => reports.noteJournaled(entry));
  opened.add('the reports', () => reports.stop());
  const drills: DrillService = new DrillService({
    guard,
    store: store.guard,
    clock,
    report,
    config: () => config,
    groundOf: drillGrounds({ guard, rollbacks, journal: new ExecutionJournal(store.guard, () => undefined), clock, redactor, report, checks: () => eyes.checks }),
    judge: () => equipment.backups,
    rehearsal: () => equipment.rehearsal,
    messenger: () => messaging.drills,
    newId: () => `drill-${randomUUID()}`,
  });
  follow((entry) => drills.note(entry));
  let ended: 'clean' | 'step-left' = 'clean';
  opened.add('the guard', async () => {
    ended = await stopWithin(guard, clock);
  });

  const retention = new Retention({
    clock,
    store: store.retention,
    journal: store.guard,
    settings: () => keptFor(config),
    beforeRemoval: (incidentId) => reports.writeIfMissing(incidentId),
    compacted: ({ incidents }, before) => guard.forget(incidents, before),
    report,
  });
  opened.add('the retention', () => retention.stop());
  opened.add('the drills', () => drills.stop());

  const reloads = new Reloads();
  const reload = (by: string): Promise<void> => reloads.ask(() => readAgain(by));

  async function readAgain(by: string): Promise<void> {
    const at = clock.now();
    let next: Config;
    try {
      next = await readConfig(configFile, redactor);
      refuseWhatNeedsRestart(config, next);
    } catch (error) {
      refused = { at, problems: problemLines(error) };
      log.error({ problems: refused.problems }, 'the configuration is refused; the old one stays in use');
      await store.guard.append([{ type: 'configuration-refused', ...refused }]);
      throw error;
    }
    config = next;
    await messaging.use(next);
    const made = equip(next, tools);
    ({ eyes, equipment } = made);
    for (const plan of next.plans) rollbacks.registerPlan(plan);
    await guard.declare(next, eyes);
    series.keepOnly(new Set(next.triggers.map(({ name }) => name)));
    drills.declare();
    await made.closeUnused();
    refused = undefined;
    await store.guard.append([{ type: 'configuration-reloaded', at, by }]);
  }

  const notReady = (): readonly string[] => {
    if (!ready) return ['the daemon is starting or stopping'];
    if (alive.storeState.state === 'lost') return [alive.storeState.message];
    return [...messaging.deadEnds, ...[...(guard.watch?.blind ?? [])].map(([source, { message }]) => `source ${source} gives no usable answer: ${message}`)];
  };
  const views = new GuardViews({ guard, channels: () => messaging.channels, clock, version, startedAt, notReady, storeState: () => alive.storeState, drills: () => drills.drills(), configurationRefused: () => refused });
  const service = new GuardService({ guard, store: store.guard, rollbacks, receiver, clock, notReady, views, series, outputs, reload });
  const feed = new LiveFeed({
    clock,
    lastSeq: await store.guard.lastSeq(),
    status: () => views.status(),
    triggers: () => views.triggers(),
    trigger: (name) => views.trigger(name),
    openIncidents: () => guard.openIncidents,
    incident: (id) => service.incident(id),
    output: (executionId, stepKey) => outputs.of(executionId, stepKey),
    report,
  });
  store.onAppended((entries) => feed.noteJournaled(entries));
  const operatorToken = await writeOperatorToken(config.storePath);
  redactor.add(operatorToken);
  const slack: SlackPorts = {
    signingSecret: () => config.notify.slack?.signingSecret,
    whisper: async (to, text) => {
      if (config.notify.slack === undefined) return;
      const { whisperInSlack } = await import('../notify/slack-whisper.js');
      await whisperInSlack(config.notify.slack, to, redactor.text(text));
    },
    clock,
  };
  const tls = await readTls(config.http.tls);
  const http = createHttpServer({ guard: service, live: feed, reports, drills, settings: { ...config.http, get tokens() { return config.http.tokens; } }, operatorToken, logger: log, tls, registry: metrics.registry, redactor, slack });
  opened.add('the HTTP interface', () => http.close());

  const left = downForMs === undefined ? undefined : await leftBehind(config, store.guard, store.outbox, messaging.channels.map(({ channel }) => channel));
  await store.guard.append([{ type: 'daemon-started', at: startedAt, version, mode: config.mode, downForMs, left }]);
  alive.start();
  opened.add('the sign of life', () => alive.stop());
  const heartbeat = new Heartbeat({
    clock,
    http: createHttpClient({ keepAlive: false }),
    settings: () => config.heartbeat,
    notReady,
    beaten: (outcome) => metrics.heartbeat(outcome),
    failed: (message) => log.warn({ message }, 'the watchdog did not take the heartbeat'),
  });
  opened.add('the heartbeat', () => heartbeat.stop());
  messaging.start();
  await escalator.start();
  await guard.start();
  await reports.start();
  await drills.start(startedAt - (downForMs ?? 0));
  for (const { name } of config.targets) metrics.openIncidents(name, guard.openIncidents.filter(({ target }) => target === name).length);
  for (const { name } of config.sources) metrics.blind(name, guard.watch?.blind.has(name) === true);
  await listen(() => http.listen({ host: config.http.host, port: config.http.port, backlog: LISTEN_BACKLOG }), config);
  ready = true;
  heartbeat.start();
  retention.start();
  const { address, port, family } = http.server.address() as AddressInfo;

  return {
    url: `http${tls === undefined ? '' : 's'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    log,
    get config() {
      return config;
    },
    reload,
    async stop(reason) {
      if (!ready) return ended;
      ready = false;
      await reloads.end();
      stopping.abort();
      // A store that takes nothing any more is no reason to stay.
      await store.guard.append([{ type: 'daemon-stopped', at: clock.now(), reason }]).catch(report);
      await opened.close();
      return ended;
    },
  };
}

async function stopWithin(guard: Guard, clock: Clock): Promise<'clean' | 'step-left'> {
  const over = new AbortController();
  const stopped = guard.stop().then(() => 'clean' as const);
  const late = clock.sleepUntil(clock.now() + STEP_GRACE_MS, over.signal).then(
    () => 'step-left' as const,
    () => 'clean' as const,
  );
  try {
    return await Promise.race([stopped, late]);
  } finally {
    over.abort();
  }
}

async function listen(begin: () => Promise<unknown>, { http: { host, port } }: Config): Promise<void> {
  try {
    await begin();
  } catch (cause) {
    throw new BelayError('config-invalid', `cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
