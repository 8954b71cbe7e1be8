import type { JournalEntry, JournalEvent } from '../../src/incident/incident-event.js';
import { foldIncident, type Incident } from '../../src/incident/incident.js';
import { composeMessages } from '../../src/notify/compose-messages.js';
import type { ChannelName, OutboxItem } from '../../src/notify/message.js';
import type { Policy } from '../../src/decision/policy.js';
import type { Alert } from '../../src/trigger/alert.js';
import { type ConfigurationName, errorsAbove } from './guarded-configurations.js';

/** What Belay promises, and the simulation holds it to after every event. */
export const invariants = [
  'the-window-held',
  'asked-again-before-acting',
  'one-rollback-per-target',
  'no-step-again-after-its-success',
  'stopped-is-stopped',
  'a-dry-run-has-no-effect',
  'every-firing-has-an-outcome',
  'every-message-arrives',
  'messages-in-order',
  'budgets-and-cooldowns',
  'nobody-is-called-twice-or-too-soon',
  'replay-equals-memory',
  'no-fault-inside',
] as const;
export type Invariant = (typeof invariants)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly at: number;
  readonly text: string;
}

/** A `look` at the present, or at the `past` to fill a gap; or asked `again`, before acting and while a verification goes on. */
export type Why = 'look' | 'past' | 'again';

/**
 * What a source has told of one question, at a true instant; `isBad` by the configuration of then, `undefined` where it
 * was no number.
 */
interface Answer {
  readonly trueAt: number;
  readonly isBad: boolean | undefined;
  readonly why: Why;
}

/** A step's work in the world, from its beginning to the moment when Belay heard of its end. */
export interface Effect {
  readonly service: string;
  readonly executionId: string;
  readonly stepKey: string;
  readonly beganAt: number;
  readonly timeoutMs: number;
  endedAt?: number | undefined;
}

/** How long a window must have held by the samples that Belay was given, as the simulation's rules declare it. */
interface Held {
  readonly question: (service: string) => string;
  readonly heldForMs: number;
  /** Clear samples in between end it; otherwise they only do not count, and `withinMs` is the window. */
  readonly withinMs?: number | undefined;
  /** So many slots in a row count instead of the time. */
  readonly slots?: number | undefined;
}

const INTERVAL_MS = 60_000;
const SLACK_MS = 100;
/** When the steps of `escalation` are due, as the simulation's configuration declares them. */
const CALLS_AFTER_MS: readonly number[] = [300_000, 900_000];
const windows: Readonly<Record<string, Held>> = {
  Errors: { question: (service) => `errors ${service}`, heldForMs: 180_000 },
  // Belay has looked at fewer instants than the simulation knows of, and counts half of the time between a clear and a breaching one.
  Slow: { question: (service) => `slowness ${service}`, heldForMs: 270_000 - INTERVAL_MS / 2, withinMs: 360_000 },
  Down: { question: (service) => `health ${service}`, heldForMs: 0, slots: 4 },
};

/** Watches everything that goes over the edge of the daemon, and says where it breaks a promise. All instants are the world's own, but those of journal events. */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly #policy: Policy;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer[]>();
  readonly #effects: Effect[] = [];
  readonly #succeeded = new Set<string>();
  readonly #running = new Map<string, string>();
  /** By execution: since when nothing of it may begin. */
  readonly #stopped = new Map<string, { readonly at: number; readonly why: string }>();
  readonly #startedOn = new Map<string, string>();
  readonly #dry = new Set<string>();
  readonly #calls = new Set<string>();
  readonly #starts: { readonly target: string; readonly incidentId: string; readonly at: number; readonly activity: { at: number } }[] = [];
  readonly #pages = new Map<string, readonly { readonly at: number; readonly firing: boolean }[]>();
  readonly #deliveries: { readonly channel: ChannelName; readonly item: OutboxItem }[] = [];
  #lastClockStepAt = -Infinity;
  #errorsAbove: number = errorsAbove.first;

  constructor(policy: Policy, now: () => number) {
    this.#policy = policy;
    this.#now = now;
  }

  violate(invariant: Invariant, text: string): void {
    this.violations.push({ invariant, at: this.#now(), text });
  }

  clockStepped(): void {
    this.#lastClockStepAt = this.#now();
  }

  answered(question: string, trueAt: number, value: number | undefined, why: Why): void {
    const known = this.#answers.get(question) ?? [];
    known.push({ trueAt, isBad: value === undefined ? undefined : this.#isBad(question, value), why });
    this.#answers.set(question, known);
  }

  /** By which configurations Belay may judge from now on: several, while it changes from one to the other. */
  goesBy(configurations: readonly ConfigurationName[]): void {
    this.#errorsAbove = Math.min(...configurations.map((name) => errorsAbove[name]));
  }

  #isBad(question: string, value: number): boolean {
    if (question.startsWith('errors')) return value > this.#errorsAbove;
    return question.startsWith('slowness') ? value > 5 : value === 0;
  }

  paged(service: string, firing: boolean): void {
    this.#pages.set(service, [...(this.#pages.get(service) ?? []), { at: this.#now(), firing }]);
  }

  delivered(channel: ChannelName, item: OutboxItem): void {
    this.#deliveries.push({ channel, item });
  }

  effectBegins(effect: Omit<Effect, 'beganAt'>): Effect {
    const begun: Effect = { ...effect, beganAt: this.#now() };
    const { service, executionId, stepKey } = begun;
    const what = `${stepKey} of ${executionId}`;
    if (service === 'trial') this.violate('a-dry-run-has-no-effect', `${what} was run`);
    const other = this.#effects.find((known) => known.service === service && known.endedAt === undefined);
    if (other !== undefined) this.violate('one-rollback-per-target', `${what} begins while ${other.stepKey} of ${other.executionId} is at work on ${service}`);
    if (this.#succeeded.has(`${executionId} ${stepKey}`)) this.violate('no-step-again-after-its-success', `${what} is run again`);
    const stop = this.#stopped.get(executionId);
    if (stop !== undefined && this.#now() > stop.at) this.violate('stopped-is-stopped', `${what} begins ${this.#now() - stop.at} ms after ${stop.why}`);
    this.#effects.push(begun);
    return begun;
  }

  /** The world has changed by it, while Belay was still to hear of its end. */
  effectApplied(effect: Effect): void {
    const what = `${effect.stepKey} of ${effect.executionId}`;
    const tookMs = this.#now() - effect.beganAt;
    if (effect.endedAt !== undefined) this.violate('stopped-is-stopped', `${what} works after Belay heard that it had ended`);
    if (tookMs > effect.timeoutMs + 1_000) this.violate('stopped-is-stopped', `${what} works ${tookMs} ms after its beginning, its timeout is ${effect.timeoutMs} ms`);
    const stop = this.#stopped.get(effect.executionId);
    if (stop?.why === 'its cancel was answered' && this.#now() > stop.at) this.violate('stopped-is-stopped', `${what} works after ${stop.why}`);
  }

  effectEnds(effect: Effect): void {
    effect.endedAt ??= this.#now();
  }

  /** Belay has said that it is cancelled. */
  cancelled(executionId: string): void {
    if (!this.#stopped.has(executionId)) this.#stopped.set(executionId, { at: this.#now(), why: 'its cancel was answered' });
  }

  journaled(event: JournalEvent): void {
    switch (event.type) {
      case 'alert-fired':
        this.#checkWindow(event.target, event.evidence.trigger, event.evidence.firedAt, event.at);
        break;
      case 'rung-started':
        this.#startedOn.set(event.executionId, event.target);
        if (event.mode !== 'enforce') this.#dry.add(event.executionId);
        else if (event.trigger === 'automatic') this.#checkStart(event);
        break;
      case 'rollback-started': {
        const target = this.#startedOn.get(event.executionId) ?? '';
        const other = this.#running.get(target);
        if (other !== undefined) this.violate('one-rollback-per-target', `${event.executionId} starts on ${target} while ${other} is under way`);
        this.#running.set(target, event.executionId);
        break;
      }
      case 'rollback-ended':
        if (this.#running.get(this.#startedOn.get(event.executionId) ?? '') === event.executionId) this.#running.delete(this.#startedOn.get(event.executionId) ?? '');
        this.#active(event);
        break;
      case 'verification-ended':
        this.#active(event);
        break;
      case 'step-succeeded':
        this.#succeeded.add(`${event.executionId} ${event.stepKey}`);
        break;
      case 'paused':
        for (const [executionId, target] of this.#startedOn) {
          if ((event.target === undefined || event.target === target) && !this.#stopped.has(executionId)) this.#stopped.set(executionId, { at: this.#now(), why: 'a pause' });
        }
        break;
      case 'budget-reset':
        this.#forget(event.target);
        break;
      case 'incident-escalated':
        this.#checkCall(event);
        break;
      default:
        break;
    }
  }

  /** What must hold when the calm is over. */
  atEnd(entries: readonly JournalEntry[], waiting: readonly OutboxItem[], channels: readonly ChannelName[]): void {
    const pasts = new Map<string, JournalEntry[]>();
    for (const entry of entries) {
      const id = 'incidentId' in entry.event ? entry.event.incidentId : undefined;
      if (id !== undefined) pasts.set(id, [...(pasts.get(id) ?? []), entry]);
    }
    for (const past of pasts.values()) {
      const incident = foldIncident(past);
      if (incident !== undefined) this.#checkOutcome(incident);
    }
    for (const item of waiting) this.violate('every-message-arrives', `"${item.message.title}" still waits on ${item.channel}`);
    for (const [incidentId, past] of pasts) {
      const expected = past.flatMap((entry, index) => composeMessages(entry, past.slice(0, index + 1)).map(({ title, text }) => `${title}\n${text}`));
      for (const channel of channels) this.#checkMessages(incidentId, channel, expected);
    }
  }

  /** What a life of the daemon restores, against what the one before had in its memory when it ended in good order. */
  restored(before: string, after: string): void {
    if (before !== after) this.violate('replay-equals-memory', `restored is ${after}\nbefore it was ${before}`);
  }

  /** Belay goes by its own clock, which is not the world's after a step; what spans one is not judged. */
  #spansClockStep(sinceMs: number): boolean {
    return this.#now() - this.#lastClockStepAt < sinceMs;
  }

  #checkWindow(target: string, trigger: string, firedAt: number | undefined, eventAt: number): void {
    if (this.#spansClockStep(7_200_000)) return;
    if (firedAt === undefined) {
      this.violate('the-window-held', `${trigger} fires, and nobody knows since when`);
      return;
    }
    const firedTrueAt = this.#now() - (eventAt - firedAt);
    const kind = trigger.replace(/^(Shop|Search|Trial)/, '');
    if (kind === 'Paged') {
      const pages = (this.#pages.get(target) ?? []).filter(({ at }) => at <= firedTrueAt);
      const lastEnd = pages.findLast(({ firing }) => !firing)?.at ?? -Infinity;
      const first = pages.find(({ at, firing }) => firing && at > lastEnd);
      if (first === undefined || firedTrueAt - first.at < 60_000 - SLACK_MS) this.violate('the-window-held', `${trigger} fires at ${firedTrueAt}, first told of at ${first?.at ?? 'no time'}`);
      return;
    }
    const window = windows[kind];
    if (window === undefined) throw new TypeError(`the simulation knows no window of ${trigger}`);
    const answers = seenByWindow(this.#answers.get(window.question(target)) ?? []);
    if (window.slots !== undefined && slotsInARow(answers, firedTrueAt) < window.slots) this.violate('the-window-held', `${trigger} fires after too few slots`);
    const heldMs = heldFor(window, answers, firedTrueAt);
    if (heldMs < window.heldForMs - SLACK_MS) this.violate('the-window-held', `${trigger} fires after ${heldMs} ms`);
  }

  #checkStart({ target, incidentId, at, by }: Extract<JournalEvent, { readonly type: 'rung-started' }>): void {
    const { cooldownMs, maxRollbacks, fleet } = this.#policy;
    const isNew = !this.#starts.some((start) => start.incidentId === incidentId);
    if (!this.#spansClockStep(maxRollbacks.perMs)) {
      const own = this.#starts.filter((start) => start.target === target && start.incidentId !== incidentId);
      const last = Math.max(-Infinity, ...own.map(({ activity }) => activity.at));
      if (isNew && at - last < cooldownMs) this.violate('budgets-and-cooldowns', `${incidentId} of ${target} starts ${at - last} ms after the one before`);
      const firstOfEach = own.filter((start) => own.find(({ incidentId: other }) => other === start.incidentId) === start);
      const spent = firstOfEach.filter((start) => at - start.at < maxRollbacks.perMs).length;
      if (isNew && spent >= maxRollbacks.count) this.violate('budgets-and-cooldowns', `${incidentId} of ${target} is one too many`);
      const others = new Set(this.#starts.filter((start) => start.target !== target && at - start.at < fleet.perMs).map((start) => start.target)).size;
      if (isNew && others >= fleet.maxTargets) this.violate('budgets-and-cooldowns', `${target} starts although ${others} other targets have`);
    }
    this.#starts.push({ target, incidentId, at, activity: { at } });
    // A message that stands alone has nobody who could be asked.
    if (!by.includes('Paged') && by !== 'verification') this.#checkAskedAgain(target, isNew ? by : `${by}, Down`);
  }

  /** A climb goes by what the verification before it asks as well, which is the health of the service. */
  #checkAskedAgain(target: string, by: string): void {
    const kinds = Object.entries(windows).filter(([kind]) => by.includes(kind));
    const newest = kinds.map(([, { question }]) => {
      // What is asked about the past, to fill a gap, comes later and is older.
      const last = (this.#answers.get(question(target)) ?? []).reduce((newest: Answer | undefined, answer) => (newest === undefined || answer.trueAt >= newest.trueAt ? answer : newest), undefined);
      return last?.isBad === true;
    });
    if (!newest.includes(true)) this.violate('asked-again-before-acting', `${target} is rolled back for ${by}, of which the newest answers say nothing bad`);
  }

  #checkCall({ incidentId, at, since, step }: Extract<JournalEvent, { readonly type: 'incident-escalated' }>): void {
    const call = `${incidentId} since ${since}, step ${step}`;
    if (this.#calls.has(call)) this.violate('nobody-is-called-twice-or-too-soon', `${call} is called again`);
    this.#calls.add(call);
    const afterMs = at - since;
    if (!this.#spansClockStep(afterMs) && afterMs < (CALLS_AFTER_MS[step - 1] ?? Infinity)) this.violate('nobody-is-called-twice-or-too-soon', `${call} is called after ${afterMs} ms`);
  }

  /** A dry run does not count for the cooldown of what is done in earnest. */
  #active({ executionId, incidentId, at }: Extract<JournalEvent, { readonly type: 'rollback-ended' | 'verification-ended' }>): void {
    if (this.#dry.has(executionId)) return;
    for (const start of this.#starts) if (start.incidentId === incidentId) start.activity.at = Math.max(start.activity.at, at);
  }

  #forget(target: string | undefined): void {
    const kept = this.#starts.filter((start) => target !== undefined && start.target !== target);
    this.#starts.splice(0, this.#starts.length, ...kept);
  }

  #checkOutcome(incident: Incident): void {
    const { id, target, status, alerts, decisions, rungs, needsHuman } = incident;
    const stillFires = status === 'open' && decisions.length > 0 && alerts.some(({ clearedAt }) => clearedAt === undefined);
    if (status !== 'recovered' && status !== 'closed' && status !== 'needs-human' && !stillFires) this.violate('every-firing-has-an-outcome', `${id} of ${target} is still ${status}`);
    if (status === 'needs-human' && needsHuman === undefined) this.violate('every-firing-has-an-outcome', `${id} of ${target} needs a person, and does not say why`);
    if (alerts.length > 0 && decisions.length === 0 && status === 'needs-human') this.violate('every-firing-has-an-outcome', `${id} of ${target} has alerts and no decision`);
    for (const rung of rungs) if (rung.outcome === undefined && rung.begun) this.violate('every-firing-has-an-outcome', `${rung.executionId} has never ended`);
  }

  #checkMessages(incidentId: string, channel: ChannelName, expected: readonly string[]): void {
    const arrived = this.#deliveries.filter(({ channel: on, item }) => on === channel && item.message.incidentId === incidentId && item.message.kind !== 'plan-notification');
    const firstTimes = [...new Map(arrived.map(({ item }) => [item.id, item])).values()].map(({ message }) => `${message.title}\n${message.text}`);
    const missing = expected.filter((text) => !firstTimes.includes(text));
    if (missing.length > 0) this.violate('every-message-arrives', `${channel} never heard "${missing[0] ?? ''}" of ${incidentId}`);
    else if (firstTimes.join('\n\n') !== expected.join('\n\n')) this.violate('messages-in-order', `of ${incidentId} ${channel} heard ${JSON.stringify(firstTimes)} instead of ${JSON.stringify(expected)}`);
  }
}

/** What a window goes by: nothing that was asked again, and no look whose answer is older than that of a look before it. */
function seenByWindow(answers: readonly Answer[]): readonly Answer[] {
  let newestAt = -Infinity;
  return answers.filter(({ trueAt, why }) => {
    if (why !== 'look') return why === 'past';
    if (trueAt < newestAt) return false;
    newestAt = trueAt;
    return true;
  });
}

function slotsInARow(answers: readonly Answer[], untilAt: number): number {
  const known = answers.filter(({ trueAt, isBad }) => isBad !== undefined && trueAt <= untilAt + SLACK_MS);
  const sinceAt = Math.max(-Infinity, ...known.filter(({ isBad }) => isBad === false).map(({ trueAt }) => trueAt));
  return new Set(known.filter(({ trueAt }) => trueAt > sinceAt).map(({ trueAt }) => Math.floor(trueAt / INTERVAL_MS))).size;
}

/** The seen time of breach before an instant, by the answers that were given. */
function heldFor({ withinMs }: Held, answers: readonly Answer[], untilAt: number): number {
  const asked = answers.filter(({ trueAt, isBad }) => isBad !== undefined && trueAt <= untilAt + SLACK_MS);
  // What was asked about one instant again, under another configuration, counts as it was judged last.
  const known = [...new Map(asked.map((answer) => [answer.trueAt, answer])).values()].sort((a, b) => b.trueAt - a.trueAt);
  let heldMs = 0;
  for (const [index, later] of known.entries()) {
    const earlier = known[index + 1];
    if (earlier === undefined || (withinMs !== undefined && untilAt - later.trueAt >= withinMs)) break;
    const both = [later, earlier].filter(({ isBad }) => isBad === true).length;
    if (withinMs === undefined && both < 2) break;
    const gapMs = later.trueAt - earlier.trueAt;
    const insideMs = withinMs === undefined ? gapMs : Math.min(gapMs, withinMs - (untilAt - later.trueAt));
    if (gapMs <= 1.5 * INTERVAL_MS) heldMs += (insideMs * both) / 2;
  }
  return heldMs;
}

/** What must be the same after a restart in good order. Whom an incident has called is kept by the escalator, and not by the guard, until the guard reads the incident back. */
export function memoryText(incidents: readonly Incident[], alerts: readonly Alert[], pauses: readonly unknown[]): string {
  const active = alerts.filter(({ state }) => state !== 'inactive').map(({ fingerprint, state, activeAt, firedAt }) => ({ fingerprint, state, activeAt, firedAt }));
  return JSON.stringify({ incidents: incidents.map((incident) => ({ ...incident, escalations: [] })).sort((a, b) => (a.id < b.id ? -1 : 1)), alerts: active.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)), pauses });
}
