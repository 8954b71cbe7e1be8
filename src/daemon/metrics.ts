import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Decision } from '../decision/decision.js';
import type { Incident } from '../incident/incident.js';
import type { DrillSubject } from '../incident/drill-event.js';
import type { JournalEvent } from '../incident/incident-event.js';
import { incidentTimes } from '../report/incident-times.js';
import type { NoticeEffect } from '../source/received-alert.js';
import type { Observation } from '../source/sample.js';
import type { StoreSize } from '../store/store-size.js';

/** What of a drill is measured. `name` is the plan, the database, or the name of the drill. */
export interface DrillTimes extends DrillSubject {
  readonly lastPassedAt?: number | undefined;
  readonly nextAt?: number | undefined;
  readonly warning?: string | undefined;
}

/** What Belay says of itself at /metrics. Label values are bounded: names that the files declare, and closed lists. */
export class Metrics {
  readonly registry = new Registry();
  readonly #observations = this.#counter('belay_observations_total', 'Answers of sources, by kind.', ['source', 'outcome']);
  readonly #missedTicks = this.#counter('belay_missed_ticks_total', 'Evaluation slots that were skipped because the one before had not ended.', ['trigger']);
  readonly #evaluation = this.#histogram('belay_evaluation_duration_seconds', 'From the slot of an evaluation to its end.', ['source']);
  readonly #alerts = this.#gauge('belay_alerts', 'Alerts by state.', ['target', 'state']);
  readonly #decisions = this.#counter('belay_decisions_total', 'Decisions, by kind and reason.', ['target', 'kind', 'reason']);
  readonly #rollbacks = this.#counter('belay_rollbacks_total', 'Ended rollbacks, by outcome.', ['target', 'outcome']);
  readonly #overBudget = this.#counter('belay_rollbacks_over_budget_total', 'Rollbacks whose steps took longer than their budget.', ['target']);
  readonly #verifications = this.#counter('belay_verifications_total', 'Ended verifications, by outcome.', ['target', 'outcome']);
  readonly #openIncidents = this.#gauge('belay_open_incidents', 'Incidents that are open.', ['target']);
  readonly #needsHuman = this.#counter('belay_needs_human_total', 'Times that a person was asked for, by reason.', ['target', 'reason']);
  readonly #escalations = this.#counter('belay_escalations_total', 'Calls of further people because nobody had answered, by step.', ['target', 'step']);
  readonly #blind = this.#gauge('belay_source_blind', '1 while a source gives no usable answer.', ['source']);
  readonly #channelDead = this.#gauge('belay_channel_dead', '1 while a channel takes no messages and others stand in for it.', ['channel']);
  readonly #received = this.#counter('belay_received_alerts_total', 'Alerts that Alertmanagers have sent, by what they meant.', ['effect']);
  readonly #messages = this.#counter('belay_messages_total', 'Deliveries of messages, by channel and outcome.', ['channel', 'outcome']);

  readonly #heartbeats = this.#counter('belay_heartbeats_total', 'Signs of life to the watchdog, by outcome.', ['outcome']);

  readonly #detection = this.#times('belay_detection_seconds', 'Of ended incidents: from the first breaching sample to the firing.', ['target']);
  readonly #decision = this.#times('belay_decision_seconds', 'Of ended incidents: from the firing to the decision to act.', ['target']);
  readonly #rollback = this.#times('belay_rollback_seconds', 'From the start of a plan to its end; dry runs are left out.', ['target', 'level']);
  readonly #recovery = this.#times('belay_recovery_seconds', 'Of recovered incidents: from the first breaching sample until every alert was clear, by the highest level that really ran.', ['target', 'level']);

  readonly #drills = this.#counter('belay_drills_total', 'Ended drills, by outcome; skipped ones among them.', ['plan', 'kind', 'outcome']);

  /**
   * `isReady`: whether the daemon can see and act right now. `size`: of the store; where it cannot be told, the last one
   * stays. `drills`: what is practised, and how that stands.
   */
  constructor(isReady: () => boolean, size: () => Promise<StoreSize>, drills: () => readonly DrillTimes[] = () => []) {
    const rows = this.#gauge('belay_store_rows', 'Rows of the store, by table.', ['table']);
    new Gauge({
      name: 'belay_store_bytes',
      help: 'Size of the store file with its write-ahead log.',
      registers: [this.registry],
      async collect() {
        const now = await size().catch(() => undefined);
        if (now === undefined) return;
        this.set(now.bytes);
        for (const [table, count] of Object.entries(now.rows)) rows.set({ table }, count);
      },
    });
    this.#drillGauge('belay_drill_last_success_timestamp_seconds', 'When the last drill that went well has ended.', drills, ({ lastPassedAt }) => seconds(lastPassedAt));
    this.#drillGauge('belay_drill_next_timestamp_seconds', 'When the next drill is due.', drills, ({ nextAt }) => seconds(nextAt));
    this.#drillGauge('belay_drill_warning', '1 for what was never drilled, or whose last drill failed; otherwise 0.', drills, ({ warning }) => (warning === undefined ? 0 : 1));
    new Gauge({ name: 'belay_ready', help: '1 while the daemon can see and act.', registers: [this.registry], collect() { this.set(isReady() ? 1 : 0); } });
    collectDefaultMetrics({ register: this.registry });
    // Gauges that are named like counters, which promtool finds fault with. Their sums can be had from those by type.
    for (const kind of ['handles', 'requests', 'resources']) this.registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  }

  observed(source: string, observation: Observation): void {
    const outcome = observation.kind === 'error' ? observation.reason : observation.series.length === 0 ? 'empty' : 'ok';
    this.#observations.inc({ source, outcome });
  }

  evaluated(source: string, durationMs: number): void {
    this.#evaluation.observe({ source }, durationMs / 1000);
  }

  missedTicks(trigger: string, count: number): void {
    this.#missedTicks.inc({ trigger }, count);
  }

  alerts(target: string, counts: Readonly<Record<'inactive' | 'pending' | 'firing', number>>): void {
    for (const [state, count] of Object.entries(counts)) this.#alerts.set({ target, state }, count);
  }

  /** How many incidents of a target are open, as the journal left them. */
  openIncidents(target: string, count: number): void {
    this.#openIncidents.set({ target }, count);
  }

  blind(source: string, isBlind: boolean): void {
    this.#blind.set({ source }, isBlind ? 1 : 0);
  }

  heartbeat(outcome: 'sent' | 'failed' | 'withheld'): void {
    this.#heartbeats.inc({ outcome });
  }

  received(effects: readonly NoticeEffect[]): void {
    for (const effect of effects) this.#received.inc({ effect });
  }

  delivered(channel: string, outcome: 'sent' | 'retry' | 'undeliverable'): void {
    this.#messages.inc({ channel, outcome });
  }

  /** Measures an incident that is over. */
  incidentEnded(incident: Incident): void {
    const { target, rungs, status } = incident;
    const { detectionMs, decisionMs, downtimeMs } = incidentTimes(incident);
    const ran = rungs.filter(({ mode, begun }) => mode === 'enforce' && begun);
    if (detectionMs !== undefined) this.#detection.observe({ target }, detectionMs / 1000);
    if (decisionMs !== undefined) this.#decision.observe({ target }, decisionMs / 1000);
    for (const { level, startedAt, endedAt } of ran) if (endedAt !== undefined) this.#rollback.observe({ target, level: level ?? 'none' }, Math.max(0, endedAt - startedAt) / 1000);
    const levels = ran.flatMap(({ level }) => level ?? []);
    if (status === 'recovered' && downtimeMs !== undefined) this.#recovery.observe({ target, level: levels.length === 0 ? 'none' : Math.max(...levels) }, downtimeMs / 1000);
  }

  /** Counts what has just become durable in the journal. */
  journaled(event: JournalEvent): void {
    switch (event.type) {
      case 'incident-opened':
        this.openIncidents(event.target, 1);
        break;
      case 'incident-recovered':
      case 'incident-closed':
        this.openIncidents(event.target, 0);
        break;
      case 'decision-made':
        this.#decided(event.target, event.decision);
        break;
      case 'rollback-ended':
        if (event.isDrill === true) break;
        this.#rollbacks.inc({ target: event.target ?? '', outcome: event.outcome });
        break;
      case 'rollback-over-budget':
        if (event.isDrill === true) break;
        this.#overBudget.inc({ target: event.target ?? '' });
        break;
      case 'verification-ended':
        this.#verifications.inc({ target: event.target, outcome: event.result.outcome });
        break;
      case 'needs-human':
        this.#needsHuman.inc({ target: event.target, reason: event.reason });
        break;
      case 'incident-escalated':
        this.#escalations.inc({ target: event.target, step: String(event.step) });
        break;
      case 'source-blind':
        this.blind(event.source, true);
        break;
      case 'channel-dead':
        this.#channelDead.set({ channel: event.channel }, 1);
        break;
      case 'channel-back':
        this.#channelDead.set({ channel: event.channel }, 0);
        break;
      case 'source-seeing':
        this.blind(event.source, false);
        break;
      case 'drill-ended':
        this.#drills.inc({ plan: event.drill.name, kind: event.drill.kind, outcome: event.outcome });
        break;
      case 'drill-skipped':
        this.#drills.inc({ plan: event.drill.name, kind: event.drill.kind, outcome: 'skipped' });
        break;
      default:
        break;
    }
  }

  /** Asked when it is scraped: the instants move with the clock, and outlive a restart in the journal. */
  #drillGauge(name: string, help: string, drills: () => readonly DrillTimes[], valueOf: (drill: DrillTimes) => number | undefined): void {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['plan', 'kind'],
      registers: [this.registry],
      collect() {
        gauge.reset();
        for (const drill of drills()) {
          const value = valueOf(drill);
          if (value !== undefined) gauge.set({ plan: drill.name, kind: drill.kind }, value);
        }
      },
    });
  }

  #decided(target: string, { kind, reason }: Decision): void {
    this.#decisions.inc({ target, kind, reason });
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /** From seconds to an hour, as people count what an incident takes. */
  #times<T extends string>(name: string, help: string, labelNames: T[]): Histogram<T> {
    return new Histogram({ name, help, labelNames, registers: [this.registry], buckets: [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600] });
  }

  #histogram<T extends string>(name: string, help: string, labelNames: T[]): Histogram<T> {
    return new Histogram({ name, help, labelNames, registers: [this.registry], buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
  }
}

function seconds(at: number | undefined): number | undefined {
  return at === undefined ? undefined : at / 1000;
}
