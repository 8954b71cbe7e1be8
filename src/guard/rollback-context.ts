import { type ChangeFacts, rollbackPointValues } from '../decision/change.js';
import type { Incident, Rung } from '../incident/incident.js';
import type { RollbackContext } from '../rollback/rollback-plan.js';

export type ContextRung = Pick<Rung, 'trigger' | 'by' | 'level' | 'reason'> & Partial<Pick<Rung, 'executionId'>>;

/** What a plan can use as `${context.…}`, `${labels.…}` and `${rollbackPoint.…}`: that of the incident's first alert, and of the last good state. */
export function rollbackContext({ trigger, by, level, reason, executionId }: ContextRung, { id: incidentId, target, alerts }: Incident, environment: string, { rollbackPoint }: ChangeFacts): RollbackContext {
  const evidence = alerts[0]?.evidence;
  return {
    environment,
    trigger,
    triggeredBy: by,
    metadata: {
      incidentId,
      executionId,
      target,
      level,
      reason,
      labels: evidence?.labels ?? {},
      alert: evidence?.trigger,
      value: evidence?.value,
      condition: evidence?.condition,
      rollbackPoint: rollbackPointValues(rollbackPoint),
    },
  };
}
