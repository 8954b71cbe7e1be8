import type { Level } from '../trigger/trigger.js';

/** Who must agree: one of each group (`allOf`), or `count` different people of any of the groups; without groups, `count` approvers. */
export interface ApprovalRule {
  /** `level4`, or the name of a scenario; `default` where the file says nothing. */
  readonly name: string;
  readonly allOf: readonly string[];
  readonly anyOf: readonly string[];
  readonly count: number;
}

/** An entry of `policy.approvals`. */
export interface ApprovalPolicy extends Omit<ApprovalRule, 'name'> {
  /** Groups that are told besides those who are asked. */
  readonly notify: readonly string[];
  readonly timeoutMs: number;
  readonly onTimeout: 'hold' | 'proceed';
}

/** By `level1` … `level5` or the name of a scenario; `none`: that level takes no approval. */
export type Approvals = Readonly<Record<string, ApprovalPolicy | 'none'>>;

/** What one approval takes: every rule must be met. */
export interface ApprovalNeed extends Pick<ApprovalPolicy, 'notify' | 'timeoutMs' | 'onTimeout'> {
  readonly rules: readonly ApprovalRule[];
}

/** Somebody who may be told and asked. */
export interface Person {
  readonly name: string;
  readonly email?: string | undefined;
  /** The user id in Slack. */
  readonly slack?: string | undefined;
  readonly groups: readonly string[];
  /** Whether this person may answer at all; the groups narrow it down. */
  readonly isApprover: boolean;
}

export const DEFAULT_APPROVAL_TIMEOUT_MS = 1_800_000;
/** Levels that take an approval where the file says nothing. */
const GRAVE_LEVEL = 4;

/** One approver, whoever it is. */
export const anyApprover: ApprovalPolicy = { allOf: [], anyOf: [], count: 1, notify: [], timeoutMs: DEFAULT_APPROVAL_TIMEOUT_MS, onTimeout: 'hold' };

interface ApprovalSettings {
  readonly maxAutoLevel: Level;
  readonly approvals?: Approvals | undefined;
}

/** What the start of a plan takes, by hand too: the rule of its governing level and those of the scenarios that are named; `undefined`: nothing. */
export function approvalNeed({ approvals = {} }: ApprovalSettings, governingLevel: Level | undefined, scenarios: readonly string[]): ApprovalNeed | undefined {
  const levelName = `level${governingLevel}`;
  const ofLevel = approvals[levelName];
  const names = [...(ofLevel === undefined || ofLevel === 'none' ? [] : [levelName]), ...new Set(scenarios)];
  const policies = names.flatMap((name): (ApprovalPolicy & { readonly name: string })[] => {
    const policy = approvals[name];
    // A scenario that a reload has taken away is no reason to act without anybody.
    return policy === 'none' ? [] : [{ ...(policy ?? anyApprover), name }];
  });
  if (policies.length > 0) return together(policies);
  return ofLevel === undefined && governingLevel !== undefined && governingLevel >= GRAVE_LEVEL ? defaultNeed : undefined;
}

/** What a plan takes that would run by itself; `undefined`: it may. */
export function automaticApprovalNeed(settings: ApprovalSettings, governingLevel: Level, scenarios: readonly string[]): ApprovalNeed | undefined {
  return approvalNeed(settings, governingLevel, scenarios) ?? (governingLevel > settings.maxAutoLevel ? defaultNeed : undefined);
}

/** What is asked for where something else than a rule wants a person's word. */
export const defaultNeed: ApprovalNeed = together([{ ...anyApprover, name: 'default' }]);

/** Every rule, everybody who is to be told, the earliest end, and no going ahead unless each rule would. */
function together(policies: readonly (ApprovalPolicy & { readonly name: string })[]): ApprovalNeed {
  return {
    rules: policies.map(({ name, allOf, anyOf, count }) => ({ name, allOf, anyOf, count })),
    notify: [...new Set(policies.flatMap(({ notify }) => notify))],
    timeoutMs: Math.min(...policies.map(({ timeoutMs }) => timeoutMs)),
    onTimeout: policies.every(({ onTimeout }) => onTimeout === 'proceed') ? 'proceed' : 'hold',
  };
}

/** How many different people it takes at least. */
export function peopleNeeded({ rules }: Pick<ApprovalNeed, 'rules'>): number {
  return Math.max(...rules.map(({ allOf, count }) => (allOf.length > 0 ? allOf.length : count)));
}

/** `one of oncall and one of dba`, `2 of oncall or lead`, `one approver`. */
export function needText({ rules }: Pick<ApprovalNeed, 'rules'>): string {
  return [...new Set(rules.map(ruleText))].join(', and ');
}

function ruleText({ allOf, anyOf, count }: ApprovalRule): string {
  if (allOf.length > 0) return allOf.map((group) => `one of ${group}`).join(' and ');
  const number = count === 1 ? 'one' : String(count);
  return anyOf.length > 0 ? `${number} of ${anyOf.join(' or ')}` : `${number} ${count === 1 ? 'approver' : 'approvers'}`;
}

interface Member {
  readonly groups: readonly string[];
}

/**
 * What a rule still takes after these people have agreed, in words; empty when it is met. One person stands for one
 * group: who belongs to two of them counts where it helps.
 */
export function missingOf(rule: ApprovalRule, people: readonly Member[]): readonly string[] {
  const { allOf, anyOf, count } = rule;
  if (allOf.length > 0) return uncovered(allOf, people);
  const counting = anyOf.length === 0 ? people : people.filter(({ groups }) => groups.some((group) => anyOf.includes(group)));
  const left = count - counting.length;
  if (left <= 0) return [];
  return [ruleText({ ...rule, count: left })];
}

/** The groups for which nobody is left, when everybody stands for one group and as many groups as possible are covered. */
function uncovered(groups: readonly string[], people: readonly Member[]): readonly string[] {
  const standsFor = new Map<Member, string>();
  const cover = (group: string, asked: Set<Member>): boolean => {
    for (const person of people) {
      if (!person.groups.includes(group) || asked.has(person)) continue;
      asked.add(person);
      const other = standsFor.get(person);
      if (other !== undefined && !cover(other, asked)) continue;
      standsFor.set(person, group);
      return true;
    }
    return false;
  };
  return groups.filter((group) => !cover(group, new Set()));
}
