import type { IncidentProgress } from '../decision/decision-input.js';
import type { Incident, Rung } from '../incident/incident.js';

/** What the decision needs to know of an incident's past. */
export function progressOf(incident: Incident): IncidentProgress {
  const automatic = incident.rungs.filter((rung) => rung.trigger === 'automatic' && rung.begun);
  const first = automatic[0];
  // A rung that was called off before its first step has left a decision behind as well.
  const execution = first === undefined ? undefined : incident.decisions.findLast(({ kind, at }) => kind === 'execute' && at <= first.startedAt);
  return {
    incidentId: incident.id,
    phase: phaseOf(incident),
    triedLevels: automatic.flatMap((rung) => rung.level ?? []),
    ladder: execution?.ladder,
    requests: execution?.rules ?? [],
    mode: first?.mode,
    mayClimb: climbs(incident),
  };
}

function phaseOf({ status }: Incident): IncidentProgress['phase'] {
  return status === 'rolling-back' || status === 'verifying' || status === 'needs-human' ? status : 'open';
}

/** Whether the newest rung ran by itself and was proved not to have helped: the only thing that climbs the ladder. */
export function climbs({ rungs }: Incident): boolean {
  const last = lastBegun(rungs);
  return last?.trigger === 'automatic' && last.verification?.result?.outcome === 'not-recovered';
}

export function lastBegun(rungs: readonly Rung[]): Rung | undefined {
  return rungs.filter((rung) => rung.begun).at(-1);
}

/** Whether an incident was opened, and what it was opened for has never been written down. */
export function isEmpty({ alerts, rungs, approvals }: Incident): boolean {
  return alerts.length === 0 && rungs.length === 0 && approvals.length === 0;
}
