import type { DrillStep } from '../incident/drill-event.js';
import type { BackupJudge } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { type DrillPerformer, timedStep } from './drill-performer.js';

/** Restores the newest backup of an entry of `databases` where nobody uses it, looks at what came of it, and takes it away again. */
export interface BackupRehearsal {
  /** Resolves to a line for people; `undefined` where the entry's type cannot do that. Rejects with what is wrong. */
  rehearse(request: { readonly database: string; readonly target?: string | undefined; readonly executionId: string }, signal: AbortSignal): Promise<string | undefined>;
}

export interface BackupDrillPorts {
  readonly clock: Clock;
  /** Looked up at each drill, because they change with the configuration. */
  readonly judge: () => BackupJudge;
  readonly rehearsal: () => BackupRehearsal;
}

const VERIFY_TIMEOUT_MS = 3_600_000;

/** Proves that the newest backup is good enough and can really be brought back. */
export function backupDrill({ clock, judge, rehearsal }: BackupDrillPorts): DrillPerformer {
  return async ({ name: database, target }, { executionId, signal, show }) => {
    const waiting = (name: string, status: DrillStep['status']): DrillStep => ({ name, status });
    show([waiting(VERIFY, 'running'), waiting(RESTORE, 'waiting')]);
    const verified = await timedStep(clock, VERIFY, undefined, signal, () => judge().verify({ type: 'backup', name: database, database, target, timeoutMs: VERIFY_TIMEOUT_MS }, signal));
    if (verified.status === 'failed') return { steps: [verified], gaps: [] };
    show([verified, waiting(RESTORE, 'running')]);
    const restored = await timedStep(clock, RESTORE, undefined, signal, () => rehearsal().rehearse({ database, target, executionId }, signal));
    return { steps: [verified, restored.detail === undefined ? { ...restored, detail: 'this type of database cannot be restored beside the one in use' } : restored], gaps: [] };
  };
}

const VERIFY = 'the newest backup is verified';
const RESTORE = 'it is restored where nobody uses it';
