import { setTimeout as sleep } from 'node:timers/promises';
import type { RollbackView } from '../http/guard-api.js';
import type { DaemonClient } from './daemon-client.js';
import type { Output } from './output.js';

const LOOK_EVERY_MS = 500;

/** Tells each step as it goes, and resolves when the verification is over too. */
export async function follow(daemon: DaemonClient, executionId: string, output: Output): Promise<RollbackView> {
  const told = new Set<string>();
  const tell = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    output.talk(line);
  };
  for (;;) {
    const rollback = await daemon.get<RollbackView>(`/api/v1/rollbacks/${encodeURIComponent(executionId)}`);
    for (const step of rollback.steps) {
      if (step.status !== 'waiting') tell(`  ${step.status}: ${step.name}${step.description === undefined ? '' : ` — ${step.description.summary}`}${step.skipped === undefined ? '' : ` — ${step.skipped}`}${step.error === undefined ? '' : ` — ${step.error}`}`);
    }
    const { outcome, verification } = rollback;
    if (verification !== undefined && verification.result === undefined) tell('  verifying …');
    const verified = verification?.result !== undefined || outcome === 'would-have' || outcome === 'cancelled' || outcome === 'parked';
    if (outcome !== undefined && (verified || (await isSettled(daemon, rollback)))) return rollback;
    await sleep(LOOK_EVERY_MS);
  }
}

/** A plan that nothing is declared to verify by ends with its incident, or with a person being asked. */
async function isSettled(daemon: DaemonClient, { incidentId }: RollbackView): Promise<boolean> {
  const { status } = await daemon.get<{ status: string }>(`/api/v1/incidents/${encodeURIComponent(incidentId)}`);
  return status === 'needs-human' || status === 'recovered' || status === 'closed';
}

/** Whether it did what it was to do, proved where something is declared to prove it by. */
export function isWell({ outcome, verification }: RollbackView): boolean {
  if (outcome === 'would-have') return true;
  return verification?.result === undefined ? outcome === 'success' : verification.result.outcome === 'recovered';
}

/** How it ended, in one line. */
export function endText({ outcome, verification, error }: RollbackView): string {
  const verified = verification?.result === undefined || verification.result.outcome === 'skipped' ? '' : `; ${verification.result.outcome}: ${verification.result.explanation}`;
  return `${outcome ?? 'under way'}${error === undefined ? '' : ` (${error})`}${verified}`;
}
