import { levelNames } from '../decision/ladder.js';
import type { Incident, Rung } from '../incident/incident.js';
import { type CustomerMessage, wayText } from './customers-told.js';
import { incidentTimes } from './incident-times.js';

/** One line of the story; `at` in milliseconds since the epoch. */
export interface TimelineEntry {
  readonly at: number;
  readonly what: string;
}

/** A version that was brought to the target before the trouble began. */
export interface DeployedChange {
  readonly at: number;
  readonly version: string;
  readonly by: string;
}

/** From the deployment before the trouble to its end, oldest first. */
export function incidentTimeline(incident: Incident, lastDeploy?: DeployedChange, toCustomers: readonly CustomerMessage[] = []): readonly TimelineEntry[] {
  const { beganAt, overAt } = incidentTimes(incident);
  const entries: TimelineEntry[] = [
    ...(lastDeploy === undefined ? [] : [{ at: lastDeploy.at, what: `deployed: version ${lastDeploy.version}, by ${lastDeploy.by}` }]),
    ...(incident.alerts.length === 0 ? [] : [{ at: beganAt, what: 'first breaching sample' }]),
    ...incident.alerts.flatMap(({ evidence, firedAt, clearedAt, duringRollback }) => [
      { at: firedAt, what: `detected: ${evidence.trigger} fires at ${evidence.value ?? 'an unknown value'}${duringRollback ? ', during a rollback' : ''}` },
      ...(clearedAt === undefined ? [] : [{ at: clearedAt, what: `${evidence.trigger} is clear` }]),
    ]),
    ...incident.decisions.map(({ at, kind, explanation }) => ({ at, what: `decided (${kind}): ${explanation}` })),
    ...incident.rungs.flatMap(rungEntries),
    ...incident.acknowledged.map(({ at, by }) => ({ at, what: `seen by ${by}` })),
    ...incident.escalations.map(({ at, step, to }) => ({ at, what: `nobody had answered: ${to.join(', ')} called (step ${step})` })),
    ...toCustomers.flatMap((message) => (message.state === 'sent' ? [{ at: message.at, what: `customers told by ${wayText(message)}: ${message.title}` }] : [])),
    ...(overAt === undefined ? [] : [{ at: overAt, what: 'every alert is clear' }]),
    ...(incident.needsHuman === undefined ? [] : [{ at: incident.needsHuman.at, what: `a person is needed: ${incident.needsHuman.explanation}` }]),
    ...(incident.endedAt === undefined || incident.resolution === undefined ? [] : [{ at: incident.endedAt, what: `${incident.status}: ${incident.resolution.explanation}` }]),
  ];
  return entries.toSorted((a, b) => a.at - b.at);
}

function rungEntries({ planId, level, mode, by, startedAt, endedAt, outcome, verification, steps }: Rung): TimelineEntry[] {
  const name = `${mode === 'enforce' ? '' : 'dry run of '}plan ${planId}${level === undefined ? '' : `, level ${level} (${levelNames[level]})`}`;
  const result = verification?.result;
  return [
    { at: startedAt, what: `initiated: ${name}, by ${by}` },
    ...steps.flatMap((step) => (step.endedAt === undefined ? [] : [{ at: step.endedAt, what: `${step.name}: ${step.status}${step.error === undefined ? '' : ` (${step.error})`}` }])),
    ...(endedAt === undefined ? [] : [{ at: endedAt, what: `completed: ${name}: ${outcome ?? ''}` }]),
    ...(result === undefined || result.outcome === 'skipped' ? [] : [{ at: result.endedAt, what: `verified: ${result.outcome}. ${result.explanation}` }]),
  ];
}
