import { slotAtOrBefore } from '../time/slots.js';
import { type Truth, truthOf } from '../trigger/members.js';
import type { Trigger } from '../trigger/trigger.js';
import type { TriggerHealth } from '../trigger/trigger-health.js';
import type { Alert } from '../trigger/alert.js';
import { isContinuous } from '../trigger/window.js';

interface Change {
  readonly at: number;
  readonly truth: Truth;
}

/** Whether a trigger fired at any instant of its replay, for the composites that it is a member of. Only changes are kept. */
export class TruthTimeline {
  readonly #member: Trigger;
  readonly #changes: Change[] = [];
  #firstAt = Infinity;
  #lastAt = -Infinity;
  #cursor = 0;

  /** `member` has the step of its replay as its interval. */
  constructor(member: Trigger) {
    this.#member = member;
  }

  get span(): { readonly fromAt: number; readonly toAt: number; readonly stepMs: number } | undefined {
    return this.#lastAt === -Infinity ? undefined : { fromAt: this.#firstAt, toAt: this.#lastAt, stepMs: this.#member.intervalMs };
  }

  /** Takes each evaluation, oldest first. */
  note(at: number, alerts: readonly Alert[], health: TriggerHealth): void {
    const truth = truthOf(this.#member, { at, alerts, health }, at);
    this.#firstAt = Math.min(this.#firstAt, at);
    this.#lastAt = at;
    if (this.#changes.at(-1)?.truth !== truth) this.#changes.push({ at, truth });
  }

  /** What the newest evaluation up to `at` has said; unknown where there was none lately. */
  at(at: number): Truth {
    if (at < this.#firstAt || (at > this.#lastAt && !isContinuous(this.#member, this.#lastAt, at))) return 'unknown';
    // Asked about one instant after another, as a rule.
    if ((this.#changes[this.#cursor]?.at ?? Infinity) > at) this.#cursor = 0;
    for (let next = this.#changes[this.#cursor + 1]; next !== undefined && next.at <= at; next = this.#changes[this.#cursor + 1]) this.#cursor += 1;
    return this.#changes[this.#cursor]?.truth ?? 'unknown';
  }
}

/** The slots at which a composite of these members is asked. */
export function slotsOver(timelines: readonly TruthTimeline[], stepMs: number): { readonly fromAt: number; readonly toAt: number } | undefined {
  const spans = timelines.flatMap(({ span }) => span ?? []);
  if (spans.length === 0) return undefined;
  return { fromAt: slotAtOrBefore(Math.min(...spans.map(({ fromAt }) => fromAt)) + stepMs - 1, stepMs), toAt: Math.max(...spans.map(({ toAt }) => toAt)) };
}
