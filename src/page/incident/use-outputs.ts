import type { Rung } from '../../incident/incident.js';
import { useAnswer } from '../actions/use-answer.js';
import { useLive } from '../live/live.js';
import { outputKey } from '../live/live-state.js';
import { askJson } from '../session/api.js';

/** The end of what each step has printed, by the step's key: what the daemon remembers, and what comes while one looks. */
export function useOutputs({ executionId, steps, endedAt }: Rung): Readonly<Record<string, string | undefined>> {
  const connection = useLive((state) => state.connection.kind);
  const answer = useAnswer((signal) => askJson<{ steps: readonly { key: string; output?: string }[] }>(`/api/v1/rollbacks/${encodeURIComponent(executionId)}`, { signal }), [executionId, endedAt, connection]);
  const live = useLive(({ outputs }) => JSON.stringify(steps.map(({ key }) => outputs.get(outputKey({ executionId, stepKey: key })) ?? null)));
  const heard = JSON.parse(live) as readonly (string | null)[];
  const known = answer.kind === 'there' ? new Map(answer.value.steps.map(({ key, output }) => [key, output])) : new Map<string, string | undefined>();
  return Object.fromEntries(steps.map(({ key }, index) => [key, heard[index] ?? known.get(key)]));
}
