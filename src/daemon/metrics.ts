import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Decision } from '../decision/decision.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { NoticeEffect } from '../source/received-alert.js';
import type { Observation } from '../source/sample.js';
import type { StoreSize } from '../store/store-size.js';

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

  /** `isReady`: whether the daemon can see and act right now. `size`: of the store; where it cannot be told, the last one stays. */
  constructor(isReady: () => boolean, size: () => Promise<StoreSize>) {
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
    new Gauge({ name: 'belay_ready', help: '1 while the daemon can see and act.', registers: [this.registry], collect() { this.set(isReady() ? 1 : 0); } });
    collectDefaultMetrics({ register: this.registry });
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
        this.#rollbacks.inc({ target: event.target ?? '', outcome: event.outcome });
        break;
      case 'rollback-over-budget':
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
      default:
        break;
    }
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

  #histogram<T extends string>(name: string, help: string, labelNames: T[]): Histogram<T> {
    return new Histogram({ name, help, labelNames, registers: [this.registry], buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
  }
}
