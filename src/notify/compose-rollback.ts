import type { Rung } from '../incident/incident.js';
import { withoutClass } from '../rollback/failure-text.js';
import type { RollbackEvent } from '../rollback/rollback-event.js';
import type { VerificationResult } from '../verification/verification.js';
import { rungText, stepLines, type Facts } from './incident-facts.js';
import type { Message, MessageKind, MessageTone } from './message.js';
import { readableSpan } from './readable-time.js';

/** One run of a plan as messages see it: inside an incident, or by itself when a plan without a target is run by hand. */
export interface RunInView {
  readonly rung: Rung;
  readonly target?: string | undefined;
  /** Absent for a run by itself; its messages stand alone. */
  readonly incidentId?: string | undefined;
  /** What is known of the incident, or of the run where there is none. */
  readonly facts: Facts;
}

/** What a rollback's own event tells people. Attempts that are tried again are not told: the step's end is. */
export function composeRollback(run: RunInView, event: RollbackEvent): readonly Message[] {
  const { rung } = run;
  const name = rungText(rung);
  switch (event.type) {
    case 'rollback-started':
      // Of a dry run its decision and its end are told: nothing happens in between.
      if (event.dryRun) return [];
      return [
        message(run, 'rollback-started', 'working', `${name} started, ${rung.trigger === 'manual' ? `by ${rung.by}` : `plan ${rung.planId}`}`, {
          text: rung.reason,
          more: [['steps', stepLines(rung.steps)]],
          next: run.incidentId === undefined ? 'You are told how it ends.' : 'When the plan has ended, recovery is verified.',
        }),
      ];
    case 'step-failed':
      return [
        message(run, 'step-failed', 'bad', `step "${stepName(rung, event.stepKey)}" failed in ${name}`, {
          text: withoutClass(event.error),
          more: [['steps', stepLines(rung.steps)]],
          next: event.continued
            ? 'The plan goes on with its next step.'
            : `The plan stops here.${run.incidentId === undefined ? '' : ' Whether the target has recovered all the same is verified now.'}`,
        }),
      ];
    case 'step-parked':
      return [
        message(run, 'step-failed', 'bad', `step "${stepName(rung, event.stepKey)}" is parked in ${name}`, {
          text: withoutClass(event.error),
          more: [['steps', stepLines(rung.steps)]],
          next: 'Nobody knows whether the step took effect, so it is not run again and the rollback stops. Look at the real state and decide.',
        }),
      ];
    case 'rollback-over-budget':
      return [
        message(run, 'over-budget', 'bad', `${name} takes longer than its budget of ${readableSpan(0, event.budgetMs)}`, {
          text: `The steps have taken ${readableSpan(0, event.elapsedMs)} so far${rung.estimatedMs === undefined ? '' : `; the plan says ${readableSpan(0, rung.estimatedMs)}`}.`,
          more: [['steps', stepLines(rung.steps)]],
          next: 'Nothing is stopped for it: the plan goes on.',
        }),
      ];
    case 'rollback-ended':
      return composeEnd(run, event);
    case 'step-attempt-started':
    case 'step-attempt-failed':
    case 'step-succeeded':
    case 'step-described':
    case 'step-skipped':
    case 'attempt-settled-late':
    case 'cancel-requested':
    case 'rollback-resumed':
      return [];
    default:
      throw new TypeError(`unknown rollback event ${JSON.stringify(event satisfies never)}`);
  }
}

/** The end of a plan, told when its verification begins, because only then is it known what comes next. */
export function composeVerificationStarted(run: RunInView, { at }: { readonly at: number }): Message {
  const { rung } = run;
  const failed = rung.outcome === 'failed';
  return message(run, 'rollback-ended', failed ? 'bad' : 'working', `${rungText(rung)} ${failed ? 'failed, looking whether it helped all the same' : 'is done, proving recovery'}`, {
    text: failed ? `Plan ${rung.planId} failed: ${withoutClass(rung.error ?? 'a step failed')}` : `Plan ${rung.planId} ended well after ${readableSpan(rung.startedAt, rung.endedAt ?? at)}.`,
    more: [['steps', stepLines(rung.steps)]],
    next: 'If that does not hold, the next level is decided.',
  });
}

/** A verification that somebody asked for after the rollback. */
export function composeRepeatedVerification(run: RunInView, { by, result }: { readonly by: string; readonly result: VerificationResult }): Message {
  return message(run, 'rollback-ended', result.outcome === 'recovered' ? 'good' : 'bad', `${rungText(run.rung)} verified again, by ${by}: ${result.outcome}`, {
    text: result.explanation,
    more: [['checks', result.results.map(({ name, status, detail }) => `${status}: ${name} — ${detail}`).join('\n')]],
    next: 'This tells how things are. It starts and ends nothing.',
  });
}

function composeEnd(run: RunInView, { outcome, error }: Extract<RollbackEvent, { readonly type: 'rollback-ended' }>): readonly Message[] {
  const { rung } = run;
  const steps: Facts = [['steps', stepLines(rung.steps)]];
  switch (outcome) {
    case 'would-have':
      return [
        message(run, 'would-have', 'neutral', `would have rolled back ${rungText(rung)}`, {
          text: `Plan ${rung.planId} was looked at step by step; nothing was changed.`,
          more: steps,
          next: 'The dry run ends here: whether it would have helped cannot be known, so nothing is verified and no further level is tried.',
        }),
      ];
    case 'success':
    case 'failed':
    case 'parked':
    case 'cancelled':
      // Inside an incident its verification or its `needs-human` follows and tells the same and more.
      if (run.incidentId !== undefined) return [];
      return [
        message(run, 'rollback-ended', outcome === 'success' ? 'good' : 'bad', `${rungText(rung)} ${outcome === 'success' ? 'is done' : outcome}`, {
          text: error === undefined ? (outcome === 'success' ? 'Every step was done.' : `The plan ended: ${outcome}.`) : withoutClass(error),
          more: steps,
          next: outcome === 'success' ? 'The plan has no target, so nothing is verified.' : 'Look at the real state and decide.',
        }),
      ];
    default:
      throw new TypeError(`unknown outcome ${String(outcome satisfies never)}`);
  }
}

function message(
  { rung, target, incidentId, facts }: RunInView,
  kind: MessageKind,
  tone: MessageTone,
  title: string,
  { text, more, next }: { readonly text: string; readonly more: Facts; readonly next: string },
): Message {
  return { kind, tone, incidentId, target, dryRun: rung.mode === 'dry-run', title: target === undefined ? title : `${target}: ${title}`, text, facts: [...facts, ...more], next };
}

function stepName(rung: Rung, stepKey: string): string {
  return rung.steps.find(({ key }) => key === stepKey)?.name ?? stepKey;
}
