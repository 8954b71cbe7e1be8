import { errorText } from '../fault/belay-error.js';
import type { DrillOutcome, DrillStep, DrillSubject } from '../incident/drill-event.js';
import type { Clock } from '../time/clock.js';
import type { Drill } from './drill.js';
import type { DrillPerformer } from './drill-performer.js';
import { judgeDrill } from './drill-result.js';

export interface DrillRunSetting {
  readonly drill: Drill;
  readonly subject: DrillSubject;
  readonly executionId: string;
  readonly by: string;
  readonly targets: readonly string[];
  readonly documentedMs: number | undefined;
}

export interface EndedDrill {
  readonly outcome: DrillOutcome;
  readonly steps: readonly DrillStep[];
  readonly gaps: readonly string[];
  readonly explanation: string;
}

/** One drill that is under way. */
export class DrillRun {
  readonly executionId: string;
  readonly subject: DrillSubject;
  readonly targets: readonly string[];
  readonly #setting: DrillRunSetting;
  readonly #perform: DrillPerformer;
  readonly #clock: Clock;
  readonly #cancel = new AbortController();
  #shown: readonly DrillStep[] = [];
  #done: Promise<void> = Promise.resolve();

  constructor(setting: DrillRunSetting, perform: DrillPerformer, clock: Clock) {
    this.#setting = setting;
    this.#perform = perform;
    this.#clock = clock;
    ({ executionId: this.executionId, subject: this.subject, targets: this.targets } = setting);
  }

  /** What a drill without a plan has done so far. */
  get shown(): readonly DrillStep[] {
    return this.#shown;
  }

  /** Resolves once its end is written. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Begins; its beginning is durable. `ended` writes its end. */
  start(ended: (run: { readonly executionId: string; readonly startedAt: number }, result: EndedDrill) => Promise<void>): void {
    const startedAt = this.#clock.now();
    this.#done = this.#held(startedAt).then((result) => ended({ executionId: this.executionId, startedAt }, result));
  }

  cancel(why: string): void {
    this.#cancel.abort(new Error(why));
  }

  async #held(startedAt: number): Promise<EndedDrill> {
    const { drill, executionId, by, documentedMs } = this.#setting;
    const { signal } = this.#cancel;
    const show = (steps: readonly DrillStep[]): void => {
      this.#shown = steps;
    };
    try {
      signal.throwIfAborted();
      const finding = await this.#perform(drill, { executionId, by, signal, show });
      signal.throwIfAborted();
      return { steps: finding.steps, ...judgeDrill(finding, { tookMs: Math.max(0, this.#clock.now() - startedAt), documentedMs }) };
    } catch (error) {
      if (signal.aborted) return { outcome: 'cancelled', steps: this.#shown, gaps: [], explanation: `${errorText(signal.reason)}.` };
      return { outcome: 'failed', steps: this.#shown, gaps: [], explanation: errorText(error) };
    }
  }
}
