import { BelayError } from '../fault/belay-error.js';
import type { Rung } from '../incident/incident.js';
import type { RollbackContext, RollbackPlan } from '../rollback/rollback-plan.js';
import type { Recheck } from '../trigger/evaluate-trigger.js';
import type { RunEnd } from './aftermath.js';
import type { ApprovalDesk } from './approval-desk.js';
import type { Fleet } from './fleet.js';
import { type Pause, pauseWords } from './pauses.js';
import { whyStopForResolve } from './on-resolved.js';
import { RungRun, type RungRunPorts, type RungRunStart } from './rung-run.js';
import type { TargetDeclaration } from './target-declaration.js';
import { remainderOf } from './unfinished-rung.js';
import { untilWritten } from './until-written.js';

export interface TargetRunPorts extends RungRunPorts {
  readonly fleet: Fleet;
  readonly desk: ApprovalDesk;
  readonly pauses: (target: string) => readonly Pick<Pause, 'by' | 'reason'>[];
  readonly declaration: () => TargetDeclaration;
  readonly contextOf: (rung: Rung) => RollbackContext;
  /** What the source says when it is asked once more. */
  readonly recheck: () => Promise<Recheck>;
  /** Gives what is to be done a turn among the target's facts. */
  readonly inTurn: (handle: () => Promise<void>) => Promise<void>;
  /** Writes down what the end of a run means. */
  readonly onEnded: (executionId: string, end: Pick<RunEnd, 'failure' | 'stopped'>) => Promise<void>;
  readonly reportError: (error: unknown) => undefined;
  readonly stopping: AbortSignal;
}

export type NewRung = Pick<Rung, 'executionId' | 'mode' | 'trigger' | 'by' | 'reason' | 'undoes'> & { readonly plan: Pick<RollbackPlan, 'id' | 'level'> };

/** The one rollback of a target that may be under way, from its claim of the fleet's turn until its end is settled. */
export class TargetRun {
  readonly #target: string;
  readonly #ports: TargetRunPorts;
  #run: RungRun | undefined;

  constructor(target: string, ports: TargetRunPorts) {
    this.#target = target;
    this.#ports = ports;
  }

  get current(): Pick<RungRun, 'executionId' | 'done' | 'stopped' | 'cancel' | 'halt'> | undefined {
    return this.#run;
  }

  get isUnderWay(): boolean {
    return this.#run !== undefined;
  }

  mustBeFree(hint: string): void {
    if (this.#run !== undefined) throw new BelayError('target-busy', `${this.#target} is being rolled back already (${this.#run.executionId}); ${hint}`);
  }

  /**
   * Writes a new rung down and starts it. It takes the fleet's turn before anything is written, `before` included, or two
   * targets could both believe that they are alone; nothing begun, the turn is given back.
   */
  async begin({ plan, ...rung }: NewRung, before: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { fleet, record, clock, desk } = this.#ports;
    fleet.claim(this.#target);
    try {
      await before();
      const { id: incidentId, target } = record.mustBeOpen();
      await record.append({ type: 'rung-started', incidentId, target, at: clock.now(), level: plan.level, planId: plan.id, ...rung });
      const written = record.rung(rung.executionId);
      if (written !== undefined) this.#startAnew(written);
      await desk.voidObsolete(true);
    } finally {
      if (this.#run === undefined) fleet.release(this.#target);
    }
  }

  /** Begins no further step where the plan wants it so, now that the alerts of its incident have resolved. */
  stopWhenResolved(): void {
    const { record, clock, declaration } = this.#ports;
    const incident = record.current;
    const rung = this.#run === undefined ? undefined : record.rung(this.#run.executionId);
    if (incident === undefined || rung === undefined || this.#run?.stopped !== undefined) return;
    const plan = declaration().plans.find(({ id }) => id === rung.planId);
    const why = whyStopForResolve(plan, rung, incident, record.alertResults(rung.startedAt, clock.now()));
    if (why !== undefined) this.#run?.halt(why);
  }

  /** Goes on with the newest rung of an incident after a restart; `stopped` says what has stopped it for good. */
  goOn(rung: Rung, stopped: string | undefined): void {
    const { inTurn, onEnded, reportError } = this.#ports;
    const { executionId } = rung;
    const take = (handle: () => Promise<void>): void => void inTurn(handle).catch(reportError);
    const remainder = remainderOf(rung, stopped);
    switch (remainder.kind) {
      case 'carry-on':
        this.#start(rung, { from: 'where-it-was' }, remainder.stopped);
        break;
      case 'verify':
        this.#start(rung, { from: 'verification' });
        break;
      case 'begin':
        take(() => this.#beginOrCallOff(rung));
        break;
      case 'call-off':
        take(async () => {
          await this.#callOff(executionId, remainder.stopped);
          await onEnded(executionId, { stopped: remainder.stopped });
        });
        break;
      case 'settle':
        take(() => onEnded(executionId, { stopped: remainder.stopped }));
        break;
      default:
        throw new TypeError(`unknown remainder ${JSON.stringify(remainder satisfies never)}`);
    }
  }

  /** A rung that was decided, and then Belay died before its first step: hours may have passed, so it is asked again. */
  async #beginOrCallOff(rung: Rung): Promise<void> {
    const recheck = rung.trigger === 'manual' ? 'breaching' : await this.#ports.recheck();
    // Where nobody can be asked, somebody had approved of it.
    if (recheck === 'breaching' || recheck === 'unconfirmable') this.#startAnew(rung);
    else await this.#callOff(rung.executionId, `not begun before a restart, and after it the condition was ${recheck === 'clear' ? 'clear' : 'unknown'}`);
  }

  /** Ends a rung whose first step has never begun. */
  async #callOff(executionId: string, error: string): Promise<void> {
    const { record, clock } = this.#ports;
    const { id: incidentId, target } = record.mustBeOpen();
    await record.append({ type: 'rollback-ended', executionId, incidentId, target, at: clock.now(), outcome: 'cancelled', error });
  }

  #startAnew(rung: Rung): void {
    this.#start(rung, { from: 'first-step', context: this.#ports.contextOf(rung) });
  }

  /** `stopped` says why it goes no further than its running step. */
  #start(rung: Rung, start: RungRunStart, stopped?: string): void {
    const { fleet, pauses, declaration, reportError, stopping } = this.#ports;
    fleet.claim(this.#target);
    const run = new RungRun(rung, start, declaration().verifications.get(rung.planId), this.#ports, stopping);
    this.#run = run;
    // A pause may have come between the decision and here.
    const [pause] = rung.trigger === 'automatic' ? pauses(this.#target) : [];
    const why = stopped ?? (pause === undefined ? undefined : pauseWords(pause));
    if (why !== undefined) run.halt(why);
    void run.done
      .catch(reportError)
      .then(() => this.#settle(run))
      .catch(reportError);
  }

  /** What the end of a run means is written down before anything else may start, however long the store takes. */
  async #settle(run: RungRun): Promise<void> {
    const { fleet, clock, inTurn, onEnded, reportError, stopping } = this.#ports;
    const settle = async (): Promise<void> => {
      this.#run = undefined;
      fleet.release(this.#target);
      try {
        await onEnded(run.executionId, run);
      } catch (error) {
        // Still the target's own run, as long as its end is not settled.
        this.#run ??= run;
        fleet.claim(this.#target);
        throw error;
      }
    };
    await untilWritten(() => inTurn(settle), { clock, report: reportError, giveUp: stopping });
  }
}
