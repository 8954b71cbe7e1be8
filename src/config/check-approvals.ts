import { missingOf, type ApprovalRule } from '../decision/approval-need.js';
import { approvalPolicyOf } from '../executor/steps/approval-schema.js';
import { stepParameterSchemas } from '../executor/step-parameters.js';
import { formatDuration, parseDuration } from '../time/duration.js';
import { mayApprove } from './approver.js';
import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { suggestion } from './closest-word.js';
import { listOf, recordOf } from './check-schema.js';
import type { Path, Problem } from './problem.js';
import type { YamlDocument } from './yaml-document.js';

const LEVEL_NAME = /^level/;
const LEVELS = ['level1', 'level2', 'level3', 'level4', 'level5'];

/** Whether the people of belay.yaml can be told apart, and whether they are enough for what the approvals ask. */
export function checkApprovals(belay: BelayPart): readonly Problem[] {
  const { document, approvals } = belay;
  return [
    ...checkPeople(belay),
    ...(belay.matrix ?? []).flatMap(({ approval }, index) => checkKnown(document, ['policy', 'matrix', index, 'approval'], approval, approvals, 'approval', 'policy.approvals')),
    ...[...(approvals ?? [])].flatMap(([name, entry]) => {
      const path = ['policy', 'approvals', name];
      if (entry === 'none' && !LEVELS.includes(name)) return [document.problem(path, `"none" has a place under ${LEVELS.join(', ')} only`)];
      return [
        ...(LEVEL_NAME.test(name) && !LEVELS.includes(name) ? [document.problem(path, `"${name}" is no level`, { atKey: true, hint: suggestion(name, LEVELS, 'known') })] : []),
        ...(entry === undefined || entry === 'none' ? [] : checkRule(document, path, { name, ...entry }, belay)),
      ];
    }),
  ];
}

/** One rule, wherever it is written: its groups must have people, and enough of them. */
export function checkRule(document: YamlDocument, path: Path, rule: ApprovalRule & { readonly notify: readonly string[] }, belay: BelayPart): readonly Problem[] {
  const people = peopleOf(belay);
  if (people === undefined) return [];
  const groups = new Set(people.flatMap((person) => person.groups));
  const strangers = (['allOf', 'anyOf', 'notify'] as const).flatMap((key) =>
    rule[key].flatMap((group, index) => (groups.has(group) ? [] : [document.problem([...path, key, index], `nobody belongs to the group "${group}"`, { hint: suggestion(group, [...groups], 'known') || 'add it to the groups of somebody under "people"' })])),
  );
  if (strangers.length > 0) return strangers;
  const asked = rule.allOf.length > 0 ? 'allOf' : 'anyOf';
  const approvers = approversOf(belay).length;
  const missing = rule[asked].length > 0 ? missingOf(rule, people.filter(({ isApprover }) => isApprover)) : rule.count > Math.max(1, approvers) ? [`${rule.count - approvers} more`] : [];
  if (missing.length === 0) return [];
  const place: Path = rule.allOf.length > 0 ? [...path, 'allOf'] : [...path, 'count'];
  return [document.problem(place, `this can never be reached: with everybody who may approve there is still missing ${missing.join(', ')}`, { hint: 'one person stands for one group only; add people, or ask for fewer' })];
}

/** A step that asks people: whom it names must be there, and it must not end before they have had their time. */
export function checkApprovalStep({ document, path, parameters }: { readonly document: YamlDocument; readonly path: Path; readonly parameters: Readonly<Record<string, unknown>> }, timeout: unknown, belay: BelayPart): readonly Problem[] {
  const { approval: name } = parameters;
  const read = stepParameterSchemas.approval.safeParse(parameters);
  if (!read.success) return [];
  const named = typeof name === 'string' ? belay.approvals?.get(name) : undefined;
  const rule = name === undefined ? approvalPolicyOf(read.data) : named;
  const unknown = name === undefined ? [] : checkKnown(document, [...path, 'approval'], name, belay.approvals, 'approval', 'policy.approvals of belay.yaml');
  if (rule === undefined || rule === 'none') return unknown;
  const limitMs = typeof timeout === 'number' ? timeout * 1_000 : typeof timeout === 'string' ? parseDuration(timeout) : undefined;
  const isTooShort = limitMs !== undefined && limitMs < rule.timeoutMs;
  return [
    ...(name === undefined ? checkRule(document, path, { name: 'step', ...rule }, belay) : []),
    ...(isTooShort ? [document.problem([...path.slice(0, -1), 'timeout'], `the step ends after ${formatDuration(limitMs)}, before the ${formatDuration(rule.timeoutMs)} are over that people have to answer`, { severity: 'warning' }) ] : []),
  ];
}

function checkPeople({ document, people }: BelayPart): readonly Problem[] {
  const seen = new Map<string, string>();
  return [...(people ?? [])].flatMap(([name, person]) => {
    const slack = person?.slack;
    const other = slack === undefined ? undefined : seen.get(slack);
    if (slack !== undefined && other === undefined) seen.set(slack, name);
    return other === undefined ? [] : [document.problem(['people', name, 'slack'], `${other} has the same user in Slack, so nobody could tell who answers`)];
  });
}

interface Able {
  readonly name: string;
  readonly groups: readonly string[];
  readonly isApprover: boolean;
}

function peopleOf(belay: BelayPart): readonly Able[] | undefined {
  const { people } = belay;
  if (people === undefined) return undefined;
  return [...people].flatMap(([name, person]) => (person === undefined ? [] : [{ name, groups: person.groups, isApprover: mayApprove(person.role ?? tokenRole(belay, name)) }]));
}

/** Everybody who may approve where no group is asked for, by name: tokens that name nobody count as well. */
export function approversOf(belay: BelayPart): readonly string[] {
  const people = (peopleOf(belay) ?? []).filter(({ isApprover }) => isApprover);
  return [...new Set([...people.map(({ name }) => name), ...approverTokens(belay)])];
}

function tokensOf({ document }: BelayPart): readonly Readonly<Record<string, unknown>>[] {
  return listOf(recordOf(recordOf(recordOf(document.data)['http'])['auth'])['tokens']).map(recordOf);
}

function tokenRole(belay: BelayPart, name: string): string | undefined {
  const role = tokensOf(belay).find((token) => token['name'] === name)?.['role'];
  return typeof role === 'string' ? role : undefined;
}

function approverTokens(belay: BelayPart): readonly string[] {
  return tokensOf(belay).flatMap(({ name, role }) => (typeof name === 'string' && typeof role === 'string' && mayApprove(role) ? [name] : []));
}
