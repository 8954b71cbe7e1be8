import { suggestion } from '../config/closest-word.js';
import type { Config } from '../config/config.js';
import type { Path, Problem } from '../config/problem.js';
import type { ProblemDetails, YamlDocument } from '../config/yaml-document.js';
import { parseCondition, type Condition } from '../source/condition.js';
import type { Expectation, Subject } from './scenario.js';
import type { WrittenExpectation, WrittenSubject } from './scenario-schema.js';

export interface ExpectationPlace {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly config: Config;
  /** The triggers to which the scenario gives answers. */
  readonly watched: ReadonlySet<string>;
}

const subjectKinds = ['alert', 'incident', 'decision', 'rollback', 'verification', 'needsHuman', 'message'] as const;

/** One expectation, held against the configuration: what could never be wrong, or never be right, is a problem. */
export function buildExpectation(written: WrittenExpectation, place: ExpectationPlace): { readonly expectation?: Expectation; readonly problems: readonly Problem[] } {
  const { document, path, config } = place;
  const problems: Problem[] = [];
  const note = (at: Path, message: string, details?: ProblemDetails): void => void problems.push(document.problem([...path, ...at], message, details));
  const { at: atMs, by: byMs, target, times, not, ...own } = written;
  const kindsHere = subjectKinds.filter((kind) => own[kind] !== undefined);
  if (not !== undefined && kindsHere.length > 0) note(['not'], `"not" and "${kindsHere[0] ?? ''}" exclude each other`, { atKey: true, hint: 'write two expectations' });
  const subject = readSubject(not ?? own, not === undefined ? [] : ['not'], { ...place, note });

  if (atMs !== undefined && byMs !== undefined) note(['by'], '"at" and "by" exclude each other', { atKey: true, hint: 'keep one' });
  if (times !== undefined && (not !== undefined || subject?.kind === 'alert' || subject?.kind === 'incident')) note(['times'], '"times" goes with what happens, not with a state or with "not"', { atKey: true });
  const targets = config.targets.map(({ name }) => name);
  if (target !== undefined && !targets.includes(target)) note(['target'], `there is no target "${target}"`, { hint: suggestion(target, targets, 'known') });
  if (subject?.kind === 'alert') {
    if (subject.state === undefined && subject.value === undefined) note([], '"alert" needs "state" or "value"', { hint: 'such as { at: 5m, alert: X, state: firing }' });
    if (atMs === undefined && subject.value !== undefined) note([], 'a value is looked at at one instant', { hint: 'write "at"' });
    if (atMs === undefined && subject.state === 'inactive' && not === undefined) note([], 'every alert is inactive at the start, so this proves nothing', { hint: 'write "at"' });
    if (target !== undefined) note(['target'], 'an alert is named by its trigger', { atKey: true, hint: 'take it out' });
  }
  if (subject?.kind === 'incident' && subject.status === 'none' && atMs === undefined && not === undefined) {
    note([], 'before the first one there is no incident, so this proves nothing', { hint: 'write "at", or not: { decision: {} }' });
  }
  if (subject === undefined || problems.length > 0) return { problems };
  const { file, line, column } = document.problem(path, '');
  return { expectation: { subject, atMs, byMs, not: not !== undefined, times, target, place: { file, line, column } }, problems };
}

interface SubjectPlace extends ExpectationPlace {
  readonly note: (at: Path, message: string, details?: ProblemDetails) => void;
}

function readSubject(written: WrittenSubject, at: Path, place: SubjectPlace): Subject | undefined {
  const { note, config, watched } = place;
  const kinds = subjectKinds.filter((kind) => written[kind] !== undefined);
  if (kinds.length !== 1) {
    note(at, kinds.length === 0 ? `expects nothing: write one of ${subjectKinds.join(', ')}` : `"${kinds.join('" and "')}" exclude each other`, { hint: kinds.length === 0 ? undefined : 'write two expectations' });
    return undefined;
  }
  const { alert, labels, state, value, decision, rollback, incident, verification, needsHuman, message } = written;
  if (alert === undefined) {
    for (const [key, given] of Object.entries({ labels, state, value })) if (given !== undefined) note([...at, key], `"${key}" goes with "alert"`, { atKey: true });
  }
  if (alert !== undefined) {
    const triggers = config.triggers.map(({ name }) => name);
    if (!triggers.includes(alert)) note([...at, 'alert'], `there is no trigger "${alert}"`, { hint: suggestion(alert, triggers, 'known') });
    else if (!watched.has(alert)) note([...at, 'alert'], `the scenario gives ${alert} no data, so nothing can be expected of it`, { hint: `write values: { ${alert}: "0x10" }, or what it is made of` });
    const condition = value === undefined ? undefined : readValue(value);
    if (condition !== undefined && 'problem' in condition) {
      note([...at, 'value'], condition.problem);
      return undefined;
    }
    return { kind: 'alert', trigger: alert, labels: labels ?? {}, state, value: condition };
  }
  const plan = decision?.plan ?? rollback?.plan;
  const plans = config.plans.map(({ id }) => id);
  if (plan !== undefined && !plans.includes(plan)) note([...at, decision === undefined ? 'rollback' : 'decision', 'plan'], `there is no plan "${plan}"`, { hint: suggestion(plan, plans, 'known') });
  if (decision !== undefined) return { kind: 'decision', decision };
  if (rollback !== undefined) return { kind: 'rollback', rollback };
  if (incident !== undefined) return { kind: 'incident', status: incident };
  if (verification !== undefined) return { kind: 'verification', outcome: verification };
  if (needsHuman !== undefined) return { kind: 'needsHuman', reason: needsHuman };
  return message === undefined ? undefined : { kind: 'message', message };
}

/** `25%` must be just so; `> 20%` is a comparison. */
function readValue(written: string | number): Condition | { readonly problem: string } {
  const text = String(written);
  return parseCondition(/^\s*[<>=!]/.test(text) ? text : `== ${text}`);
}
