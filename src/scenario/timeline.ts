import type { JournalEvent } from '../incident/incident-event.js';
import { formatDuration } from '../time/duration.js';
import { alertText } from './check-expectation.js';
import type { Fact } from './facts.js';
import type { ScenarioRun } from './run-scenario.js';

/** One line of what happened, `ms` after the scenario's start. */
export interface TimelineLine {
  readonly ms: number;
  readonly text: string;
}

/** Everything of a run that is worth a line, in its order. */
export function timelineOf(run: ScenarioRun): readonly TimelineLine[] {
  return run.facts.flatMap((fact) => {
    const text = factText(fact, run);
    return text === undefined ? [] : [{ ms: fact.at - run.scenario.startAt, text }];
  });
}

function factText(fact: Fact, run: ScenarioRun): string | undefined {
  switch (fact.kind) {
    case 'alert':
      return `${alertText(fact.alert, run)} (was ${fact.from})`;
    case 'scenario':
      return fact.text;
    case 'journal':
      return eventText(fact.event);
    default:
      return fact satisfies never;
  }
}

/** Alerts and what people do have lines of their own. */
function eventText(event: JournalEvent): string | undefined {
  switch (event.type) {
    case 'incident-opened':
      return `incident of ${event.target} opened (${event.mode})`;
    case 'decision-made': {
      const { kind, reason, level, planId, mode } = event.decision;
      return `decision ${kind}: ${reason}${level === undefined ? '' : `, level ${level}`}${planId === undefined ? '' : `, plan ${planId}`}${mode === 'enforce' ? '' : ` (${mode})`}`;
    }
    case 'rung-started':
      return `rollback${event.level === undefined ? '' : ` on level ${event.level}`}: plan ${event.planId} (${event.mode}, ${event.trigger})`;
    case 'step-attempt-started':
      return `step ${event.stepKey}: attempt ${event.attempt}`;
    case 'step-attempt-failed':
      return `step ${event.stepKey}: attempt ${event.attempt} failed: ${event.error}`;
    case 'step-succeeded':
      return `step ${event.stepKey}: ${event.how === 'already-so' ? 'was done already' : 'done'}`;
    case 'step-described':
      return `step ${event.stepKey}: would run`;
    case 'step-failed':
      return `step ${event.stepKey}: failed${event.continued ? ', the plan goes on' : ''}`;
    case 'step-parked':
      return `step ${event.stepKey}: parked: ${event.error}`;
    case 'rollback-ended':
      return `rollback ended: ${event.outcome}`;
    case 'verification-started':
      return 'verification started';
    case 'verification-ended':
      return `verification ended: ${event.result.outcome}. ${event.result.explanation}`;
    case 'verification-repeated':
      return `verified again by ${event.by}: ${event.result.outcome}`;
    case 'needs-human':
      return `needs a person: ${event.reason}. ${event.explanation}`;
    case 'needs-human-lifted':
      return `${event.by} has taken the incident of ${event.target} back from waiting for a person`;
    case 'approval-requested':
      return `asks for approval (${event.approval.purpose}): plan ${event.approval.planId}`;
    case 'approval-answered':
      return `${event.answer.answer === 'approve' ? 'approved' : 'rejected'} by ${event.answer.by}`;
    case 'approval-expired':
      return 'nobody has answered in time';
    case 'approval-voided':
      return `the question is void: ${event.cause}`;
    case 'incident-acknowledged':
      return `seen by ${event.by}`;
    case 'incident-escalated':
      return `nobody has answered: ${event.to.join(', ')} called (step ${event.step})`;
    case 'incident-recovered':
      return `incident of ${event.target} recovered (${event.how})`;
    case 'incident-closed':
      return `incident of ${event.target} closed`;
    case 'silence-created':
    case 'silence-removed':
    case 'silence-failed':
      return undefined;
    case 'channel-dead':
      return `${event.channel} takes no messages: ${event.error}`;
    case 'channel-back':
      return `${event.channel} takes messages again`;
    case 'source-blind':
      return `blind: source ${event.source}: ${event.message}`;
    case 'source-seeing':
      return `seeing again: source ${event.source}`;
    case 'cancel-requested':
      return event.reason;
    case 'step-skipped':
      return `step ${event.stepKey} skipped: ${event.reason}`;
    case 'rollback-over-budget':
      return `rollback takes longer than its budget of ${formatDuration(event.budgetMs)}`;
    case 'rollback-resumed':
      return 'rollback goes on';
    case 'attempt-settled-late':
      return `step ${event.stepKey}: an attempt that was given up has ended`;
    case 'alert-fired':
      return event.duringRollback ? `${event.evidence.trigger} began during the rollback: evidence only` : undefined;
    case 'alert-cleared':
    case 'rollback-started':
    case 'paused':
    case 'resumed':
    case 'budget-reset':
    case 'change-marked':
    case 'journal-compacted':
    case 'daemon-started':
    case 'daemon-stopped':
    case 'configuration-reloaded':
    case 'configuration-refused':
    case 'report-written':
    case 'drill-announced':
    case 'drill-started':
    case 'drill-ended':
    case 'drill-skipped':
      return undefined;
    default:
      return JSON.stringify(event satisfies never);
  }
}
