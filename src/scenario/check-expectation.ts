import { conditionHolds, formatValue, type Condition } from '../source/condition.js';
import { formatDuration } from '../time/duration.js';
import type { Alert } from '../trigger/alert.js';
import { occurrencesOf, statusesOf, type Occurrence } from './occurrence.js';
import type { ScenarioRun } from './run-scenario.js';
import type { Expectation, Subject } from './scenario.js';

/** An expectation that was not met: both lines say the same kind of thing, so that they can be held side by side. */
export interface Failure {
  readonly expectation: Expectation;
  readonly expected: string;
  /** What there was instead; several lines where several things come into question. */
  readonly happened: readonly string[];
  /** The instant (milliseconds from the start) around which the timeline is worth a look. */
  readonly aroundMs: number;
}

/** The failure of one expectation; `undefined` when it is met. */
export function checkExpectation(expectation: Expectation, run: ScenarioRun): Failure | undefined {
  const { subject } = expectation;
  const outcome = subject.kind === 'alert' ? checkAlert(expectation, subject, run) : subject.kind === 'incident' ? checkIncident(expectation, subject, run) : checkEvent(expectation, subject, run);
  if (outcome === undefined) return undefined;
  return { expectation, expected: expectedText(expectation, run), happened: outcome.happened, aroundMs: outcome.aroundMs ?? expectation.atMs ?? expectation.byMs ?? run.scenario.lastsMs };
}

interface Miss {
  readonly happened: readonly string[];
  readonly aroundMs?: number | undefined;
}

const MOST_SHOWN = 5;

function checkEvent(expectation: Expectation, subject: Exclude<Subject, { kind: 'alert' | 'incident' }>, run: ScenarioRun): Miss | undefined {
  const { not, times, target } = expectation;
  const wanted = fieldsOf(subject);
  const all = occurrencesOf(subject.kind, run).filter((occurrence) => target === undefined || occurrence.target === target);
  const matching = all.filter((occurrence) => isInTime(expectation, msOf(run, occurrence.at)) && Object.entries(wanted).every(([name, value]) => value === undefined || occurrence.fields[name] === value));
  const show = (occurrence: Occurrence): string => `at ${timeText(msOf(run, occurrence.at))}: ${subject.kind} ${fieldsText(occurrence.fields)}`;
  if (not) return matching.length === 0 ? undefined : { happened: matching.slice(0, MOST_SHOWN).map(show), aroundMs: msOf(run, matching[0]?.at ?? 0) };
  if (times === undefined ? matching.length > 0 : matching.length === times) return undefined;
  if (times !== undefined && matching.length > 0) return { happened: [`${count(matching.length, 'time')}:`, ...matching.slice(0, MOST_SHOWN).map(show)] };
  if (all.length === 0) return { happened: [`no ${subject.kind} at all`] };
  // What comes closest tells most: first in what it is, then in when it was.
  const likeness = ({ fields }: Occurrence): number => Object.entries(wanted).filter(([name, value]) => value !== undefined && fields[name] === value).length;
  const wantedMs = expectation.atMs ?? expectation.byMs ?? 0;
  const closest = [...all].sort((a, b) => likeness(b) - likeness(a) || Math.abs(msOf(run, a.at) - wantedMs) - Math.abs(msOf(run, b.at) - wantedMs));
  return { happened: closest.slice(0, MOST_SHOWN).map(show) };
}

function checkIncident({ atMs, byMs, not, target }: Expectation, { status: wanted }: Extract<Subject, { kind: 'incident' }>, run: ScenarioRun): Miss | undefined {
  const statuses = statusesOf(run, target).map(({ at, status }) => ({ ms: msOf(run, at), status }));
  const show = ({ ms, status }: { ms: number; status: string }): string => `since ${timeText(ms)}: incident ${status}`;
  const last = statuses.findLast(({ ms }) => ms <= (atMs ?? byMs ?? Infinity));
  const [is, seen] =
    atMs !== undefined
      ? [(last?.status ?? 'none') === wanted, last]
      : wanted === 'none'
        ? [last === undefined, last]
        : [statuses.some(({ ms, status }) => status === wanted && ms <= (byMs ?? Infinity)), statuses.find(({ status }) => status === wanted) ?? last];
  if (is !== not) return undefined;
  return { happened: [seen === undefined ? 'no incident' : show(seen)], aroundMs: atMs === undefined ? seen?.ms : atMs };
}

function checkAlert({ atMs, byMs, not }: Expectation, subject: Extract<Subject, { kind: 'alert' }>, run: ScenarioRun): Miss | undefined {
  if (atMs === undefined) return checkAlertHistory(byMs, not, subject, run);
  const alerts = (run.alertsAt.get(atMs) ?? []).filter((alert) => isMeant(subject, alert));
  const isSo = (alert: Alert): boolean => (subject.state === undefined || alert.state === subject.state) && (subject.value === undefined || (alert.lastValue !== undefined && isAsExpected(subject.value, alert.lastValue.value)));
  // Inactive means that none is anything else; an alert that is forgotten is inactive too.
  const is = subject.state === 'inactive' && subject.value === undefined ? alerts.every(isSo) : alerts.some(isSo);
  if (is !== not) return undefined;
  return { happened: alerts.length === 0 ? [`at ${timeText(atMs)}: alert ${subject.trigger} is not known (inactive)`] : alerts.slice(0, MOST_SHOWN).map((alert) => `at ${timeText(atMs)}: ${alertText(alert, run)}`) };
}

/** Equal means equal as far as numbers that were computed can be. */
function isAsExpected(condition: Condition, value: number): boolean {
  if (conditionHolds(condition, value)) return true;
  return condition.comparison === '==' && Math.abs(value - condition.threshold) <= 1e-9 * Math.abs(condition.threshold);
}

/** Whether an alert has ever been in a state, up to an instant. */
function checkAlertHistory(byMs = Infinity, not: boolean, subject: Extract<Subject, { kind: 'alert' }>, run: ScenarioRun): Miss | undefined {
  const changes = run.facts.flatMap((fact) => (fact.kind === 'alert' && isMeant(subject, fact.alert) && msOf(run, fact.at) <= byMs ? [fact] : []));
  const found = changes.find(({ alert }) => alert.state === subject.state);
  const is = found !== undefined || (subject.state === 'inactive' && changes.length === 0);
  if (is !== not) return undefined;
  const shown = found === undefined ? changes : [found];
  return {
    happened: shown.length === 0 ? [`alert ${subject.trigger} was inactive all the time`] : shown.slice(0, MOST_SHOWN).map(({ at, alert }) => `since ${timeText(msOf(run, at))}: ${alertText(alert, run)}`),
    aroundMs: found === undefined ? undefined : msOf(run, found.at),
  };
}

function isMeant({ trigger, labels }: Extract<Subject, { kind: 'alert' }>, alert: Alert): boolean {
  return alert.trigger === trigger && Object.entries(labels).every(([name, value]) => alert.labels[name] === value);
}

function isInTime({ atMs, byMs }: Expectation, ms: number): boolean {
  return atMs === undefined ? ms <= (byMs ?? Infinity) : ms === atMs;
}

function fieldsOf(subject: Exclude<Subject, { kind: 'alert' | 'incident' }>): Record<string, string | undefined> {
  switch (subject.kind) {
    case 'decision':
      return { ...subject.decision, level: subject.decision.level?.toString() };
    case 'rollback':
      return { ...subject.rollback, level: subject.rollback.level?.toString() };
    case 'verification':
      return { outcome: subject.outcome };
    case 'needsHuman':
      return { reason: subject.reason };
    case 'message':
      return { kind: subject.message };
    default:
      return subject satisfies never;
  }
}

function expectedText({ subject, atMs, byMs, not, times, target }: Expectation, run: ScenarioRun): string {
  const when = atMs !== undefined ? `at ${timeText(atMs)}: ` : byMs !== undefined ? `by ${timeText(byMs)}: ` : '';
  const often = times === undefined ? '' : ` ${count(times, 'time')}`;
  return `${when}${not ? 'not ' : ''}${subjectText(subject, run)}${often}${target === undefined ? '' : ` of ${target}`}`;
}

function subjectText(subject: Subject, run: ScenarioRun): string {
  if (subject.kind === 'incident') return `incident ${subject.status}`;
  if (subject.kind !== 'alert') return `${subject.kind} ${fieldsText(fieldsOf(subject)) || '(any)'}`;
  const { trigger, labels, state, value } = subject;
  const written = value === undefined ? '' : `, value ${value.comparison === '==' ? formatValue(value.threshold, unitOf(trigger, run)) : value.text}`;
  return `alert ${trigger}${labelsText(labels)}${state === undefined ? '' : ` ${state}`}${written}`;
}

/** `CheckoutErrorRateHigh{pod="a"} firing, value 25%`. */
export function alertText(alert: Alert, run: Pick<ScenarioRun, 'declaration'>): string {
  const value = alert.lastValue === undefined ? '' : `, value ${formatValue(alert.lastValue.value, unitOf(alert.trigger, run))}`;
  return `alert ${alert.trigger}${labelsText(alert.labels)} ${alert.state}${value}`;
}

function unitOf(trigger: string, { declaration }: Pick<ScenarioRun, 'declaration'>) {
  return declaration.triggers.find(({ name }) => name === trigger)?.condition.unit ?? 'number';
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`;
}

function fieldsText(fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join(' ');
}

/** `4m30s` from the start. */
export function timeText(ms: number): string {
  return formatDuration(ms);
}

function msOf({ scenario }: ScenarioRun, at: number): number {
  return at - scenario.startAt;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
