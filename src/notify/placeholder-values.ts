import { levelNames } from '../decision/ladder.js';
import type { Incident, IncidentStatus, Rung } from '../incident/incident.js';
import { alertHeadline, evidenceOfIncident } from './alert-headline.js';
import { beganAt, doneText, levelText, stepLines } from './incident-facts.js';
import type { Message } from './message.js';
import type { PlaceholderValues } from './placeholders.js';
import { readableInstant, readableSpan, spanInWords } from './readable-time.js';

const statusWords: Readonly<Record<IncidentStatus, string>> = {
  open: 'open',
  'awaiting-approval': 'waiting for approval',
  'rolling-back': 'rolling back',
  verifying: 'proving recovery',
  'needs-human': 'needs a person',
  recovered: 'recovered',
  closed: 'closed',
};
const MOST_ALERTS = 5;

/** What the placeholders stand for in a message of an incident; `rung`: the rollback that it is about. */
export function placeholderValues(message: Message, at: number, incident?: Incident, rung?: Rung): PlaceholderValues {
  const { title, text, next, target } = message;
  const own = { title, text, next, time: readableInstant(at), target, service: target };
  return present(incident === undefined ? own : { ...own, ...ofIncident(incident, at), ...(rung === undefined ? {} : ofRung(rung, incident, at)) });
}

function ofIncident(incident: Incident, at: number): PlaceholderValues | Readonly<Record<string, string | undefined>> {
  const evidence = evidenceOfIncident(incident);
  const [worst] = evidence;
  const since = beganAt(incident);
  const clear = incident.alerts.length > 0 && incident.alerts.every(({ clearedAt }) => clearedAt !== undefined);
  return {
    target: incident.target,
    service: incident.target,
    environment: incident.environment,
    incident: incident.id,
    status: statusWords[incident.status],
    severity: worst?.severity,
    alert: worst === undefined ? undefined : `${worst.trigger}${worst.summary === undefined ? '' : `: ${worst.summary}`}`,
    value: worst === undefined ? undefined : `${clear ? 'was ' : ''}${worst.value ?? 'unknown'}, condition ${worst.condition} ${worst.window}`.trimEnd(),
    query: worst?.query,
    since: readableInstant(since),
    duration: spanInWords(since, incident.endedAt ?? at),
    impact: evidence.length === 0 ? undefined : [...evidence.slice(0, MOST_ALERTS).map((seen) => `${alertHeadline(incident.target, seen)} (${seen.severity})`), ...(evidence.length > MOST_ALERTS ? [`and ${evidence.length - MOST_ALERTS} more`] : [])].join('\n'),
    lead: leadOf(incident),
    done: doneText(incident),
  };
}

function ofRung(rung: Rung, incident: Incident, at: number): Readonly<Record<string, string | undefined>> {
  const { level, planId, estimatedMs, startedAt, endedAt, steps, reason, trigger, by, verification } = rung;
  const runs = estimatedMs !== undefined && endedAt === undefined;
  const alerts = [...new Set(incident.alerts.map(({ evidence }) => evidence.trigger))];
  return {
    reason,
    level: level === undefined ? undefined : levelText(level).replace(/^level /, ''),
    type: level === undefined ? undefined : levelNames[level],
    plan: planId,
    by: trigger === 'manual' ? by : `Belay (${by})`,
    eta: runs ? `${readableInstant(startedAt + estimatedMs)}, ${readableSpan(0, estimatedMs)} after it began` : undefined,
    within: runs && startedAt + estimatedMs > at ? spanInWords(at, startedAt + estimatedMs) : undefined,
    steps: steps.length === 0 ? undefined : stepLines(steps),
    verification: verification === undefined || verification.result !== undefined ? undefined : `every check of the plan${alerts.length === 0 ? '' : ` and ${alerts.join(', ')}`}: OK for ${readableSpan(0, verification.holdMs)} without a break, by ${readableInstant(verification.startedAt + verification.timeoutMs)}`,
  };
}

/** Who is in charge: whoever has said so last, and otherwise whoever started or approved a rollback last. */
function leadOf({ id, acknowledged, rungs, approvals }: Incident): string {
  const started = rungs.findLast(({ trigger }) => trigger === 'manual')?.by;
  const approved = approvals.flatMap(({ answers }) => answers).findLast(({ answer }) => answer === 'approve')?.by;
  return acknowledged.at(-1)?.by ?? started ?? approved ?? `nobody yet; to take it: belay ack ${id}`;
}

function present(values: Readonly<Record<string, string | undefined>>): PlaceholderValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''));
}
