import { BelayError } from '../fault/belay-error.js';
import type { RollbackExecution, RollbackStepExecution, StepLog } from './rollback-execution.js';
import type { RollbackEvent, RollbackOutcome } from './rollback-event.js';

/**
 * The public record of an execution, from its events, oldest first: the steps that have begun, with their logs. It is
 * the caller's own copy. Throws BelayError `conflict` when the events do not begin with `rollback-started`.
 */
export function executionRecord(events: readonly RollbackEvent[]): RollbackExecution {
  const [started] = events;
  if (started?.type !== 'rollback-started') {
    throw new BelayError('conflict', `The journal of a rollback must begin with rollback-started, not with ${started?.type ?? 'nothing'}`);
  }
  const record: RollbackExecution = {
    id: started.executionId,
    planId: started.planId,
    startTime: new Date(started.at),
    endTime: null,
    status: 'in_progress',
    steps: [],
    context: structuredClone(started.context),
  };
  const begun = new Map<string, { record: RollbackStepExecution; name: string }>();
  for (const event of events) {
    if (event.type === 'rollback-ended') {
      record.endTime = new Date(event.at);
      record.status = publicStatus(event.outcome);
      if (event.error !== undefined) record.error = event.error;
    }
    if (!('stepKey' in event)) continue;
    let entry = begun.get(event.stepKey);
    if (entry === undefined) {
      const step = started.steps.find(({ key }) => key === event.stepKey);
      if (step === undefined) throw new BelayError('conflict', `Rollback ${record.id} has no step ${event.stepKey}`);
      entry = {
        name: step.step.name,
        record: {
          stepId: step.step.id,
          ...(step.planId === started.planId ? {} : { planId: step.planId }),
          startTime: new Date(event.at),
          endTime: null,
          status: 'in_progress',
          logs: [],
        },
      };
      begun.set(event.stepKey, entry);
      record.steps.push(entry.record);
    }
    applyToStep(entry.record, entry.name, event);
  }
  return record;
}

function publicStatus(outcome: RollbackOutcome): RollbackExecution['status'] {
  switch (outcome) {
    case 'success':
    case 'would-have':
      return 'success';
    case 'failed':
    case 'parked':
    case 'cancelled':
      return 'failed';
    default:
      return outcome satisfies never;
  }
}

type StepEvent = Extract<RollbackEvent, { stepKey: string }>;

function applyToStep(step: RollbackStepExecution, name: string, event: StepEvent): void {
  const log = (level: StepLog['level'], message: string, details?: StepLog['details']): void => {
    step.logs.push({ timestamp: new Date(event.at), level, message, ...(details === undefined ? {} : { details: structuredClone(details) }) });
  };
  const end = (status: 'success' | 'failed', error?: string): void => {
    step.status = status;
    step.endTime = new Date(event.at);
    if (error !== undefined) step.error = error;
  };
  switch (event.type) {
    case 'step-attempt-started':
      if (event.attempt === 1) log('info', `Starting rollback step: ${name}`, event.description && { ...event.description });
      else log('info', `Starting attempt ${event.attempt} of rollback step: ${name}`);
      break;
    case 'step-attempt-failed':
      // Without a further attempt the end of the step follows at once and says it.
      if (event.retryAt !== undefined) {
        log('warn', `Attempt ${event.attempt} of rollback step failed: ${name}`, { error: event.error, retryAt: new Date(event.retryAt) });
      }
      break;
    case 'step-succeeded':
      end('success');
      log('info', `Successfully completed rollback step: ${name}`, event.how === 'already-so' ? { how: event.how } : undefined);
      break;
    case 'step-described':
      end('success');
      log('info', `Would run rollback step: ${name}`, { ...event.description });
      break;
    case 'step-failed':
      end('failed', event.error);
      log('error', `Failed to execute rollback step: ${name}`, { error: event.error });
      break;
    case 'step-parked':
      end('failed', event.error);
      log('error', `Parked rollback step for a person: ${name}`, { error: event.error });
      break;
    case 'step-skipped':
      // The user's documents know no further status; the log says that nothing was done.
      end('success');
      log('info', `Skipped rollback step: ${name}`, { reason: event.reason });
      break;
    case 'attempt-settled-late':
      log('warn', `An attempt that had been given up has settled after all: ${name}`, event.error === undefined ? undefined : { error: event.error });
      break;
    default:
      event satisfies never;
  }
}
