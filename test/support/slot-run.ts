import type { Observation } from '../../src/source/sample.js';
import type { Alert } from '../../src/trigger/alert.js';
import { evaluateTrigger, type Evaluation } from '../../src/trigger/evaluate-trigger.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { scriptedObservations } from './scripted-source.js';

export const startAt = Date.UTC(2026, 0, 1);
export const INTERVAL_MS = 15_000;
export const at = (second: number): number => startAt + second * 1_000;

/** All evaluations of a scripted run, one per slot; the alerts go through JSON in between, as through a restart. */
export function runAll(trigger: Trigger, series: Readonly<Record<string, string>> | readonly Observation[], restored: readonly Alert[] = []): Evaluation[] {
  const observations = Array.isArray(series) ? (series as readonly Observation[]) : scriptedObservations(series as Readonly<Record<string, string>>, { startAt, intervalMs: INTERVAL_MS });
  let previous: Evaluation = { alerts: restored, transitions: [], health: { health: 'unknown', warnings: [] } };
  return observations.map((observation) => {
    const alerts = JSON.parse(JSON.stringify(previous.alerts)) as Alert[];
    previous = evaluateTrigger(trigger, alerts, observation, { kind: 'slot', at: observation.at }, previous.health);
    return previous;
  });
}

/** One letter per slot for the only alert: `.` none or inactive, `p`ending, `F`iring. */
export function states(trigger: Trigger, line: string): string {
  return lettersOf(runAll(trigger, { '': line }));
}

export function lettersOf(evaluations: readonly Evaluation[]): string {
  return evaluations.map(({ alerts }) => ({ inactive: '.', pending: 'p', firing: 'F' })[alerts[0]?.state ?? 'inactive']).join('');
}

/** The samples of a letter per slot: `.` OK, `B`reach, and what else the notation knows. */
export function samples(letters: string): string {
  const tokens: Record<string, string> = { '.': '0', B: '1', _: '_', n: 'nan', s: 'stale', e: 'err', m: '0.07' };
  return Array.from(letters, (letter) => tokens[letter] ?? letter).join(' ');
}
