import type { StatusView } from '../../src/http/guard-api.js';
import type { Incident } from '../../src/incident/incident.js';
import type { BelayProcess } from './belay-process.js';

const ASKED_WITHIN_MS = 60_000;

/** What was run: the plan, what started it, how its steps ended, and how its verification did. */
export function rungsOf({ rungs }: Incident): readonly (readonly (string | undefined)[])[] {
  return rungs.map(({ planId, trigger, outcome, verification }) => [planId, trigger, outcome, verification?.result?.outcome]);
}

/** Waits until somebody is asked, and agrees as each of those whose tokens these are; without any, as whom the daemon's environment names. */
export async function approveNext(belay: BelayProcess, ...tokens: readonly string[]): Promise<void> {
  const approval = await belay.until('somebody is asked', ASKED_WITHIN_MS, async () => (await belay.get<StatusView>('/api/v1/status')).approvals[0]);
  if (tokens.length === 0) {
    const { code, stderr } = await belay.cli('approve', approval.id);
    if (code !== 0) throw new Error(stderr);
  }
  for (const token of tokens) {
    const answer = await fetch(`${belay.url}/api/v1/approvals/${approval.id}`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ decision: 'approve' }) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }
}
