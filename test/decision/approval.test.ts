import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answered, expired, isGranted, refusalOf, requested, voided, type Approval, type Answerer, type NewApproval } from '../../src/decision/approval.js';
import { approvalNeed, automaticApprovalNeed, missingOf, needText, type ApprovalNeed, type ApprovalPolicy, type ApprovalRule, type Approvals } from '../../src/decision/approval-need.js';

const now = Date.UTC(2026, 0, 1, 3);
const people: Readonly<Record<string, Answerer>> = {
  ana: { name: 'ana', groups: ['oncall'], isApprover: true },
  bo: { name: 'bo', groups: ['oncall'], isApprover: true },
  cy: { name: 'cy', groups: ['dba'], isApprover: true },
  dee: { name: 'dee', groups: ['oncall', 'dba'], isApprover: true },
  eve: { name: 'eve', groups: ['legal'], isApprover: true },
  vic: { name: 'vic', groups: ['oncall'], isApprover: false },
  token: { name: 'token', groups: [], isApprover: true },
};

const both: ApprovalRule = { name: 'level4', allOf: ['oncall', 'dba'], anyOf: [], count: 1 };
const twoOf: ApprovalRule = { name: 'level5', allOf: [], anyOf: ['oncall', 'dba'], count: 2 };
const anyone: ApprovalRule = { name: 'default', allOf: [], anyOf: [], count: 1 };
const twoOfAnyone: ApprovalRule = { ...anyone, count: 2 };

const need = (...rules: ApprovalRule[]): ApprovalNeed => ({ rules, notify: [], timeoutMs: 600_000, onTimeout: 'hold' });
const asked = (rules: readonly ApprovalRule[], changes: Partial<NewApproval> = {}): Approval =>
  requested({ id: 'a1', purpose: 'plan', planId: 'restore', level: 4, question: 'Restore?', need: need(...rules), requestedAt: now, expiresAt: now + 600_000, ...changes });

/** `ana+` approves, `ana-` rejects; what came of each: `ok`, or why it did not count. */
function play(approval: Approval, answers: string, at = now + 1_000): { readonly approval: Approval; readonly came: readonly string[] } {
  let state = approval;
  const came = answers.split(' ').map((word) => {
    const { [word.slice(0, -1)]: who } = people;
    if (who === undefined) throw new Error(`nobody is ${word}`);
    const answer = word.endsWith('+') ? 'approve' : 'reject';
    const refusal = refusalOf(state, who, answer, at);
    if (refusal !== undefined) return refusal.code;
    state = answered(state, { answer, by: who.name, groups: who.groups, way: 'api', at });
    return 'ok';
  });
  return { approval: state, came };
}

describe('who must agree, and who does', () => {
  it.each<readonly [rules: readonly ApprovalRule[], answers: string, came: string, status: Approval['status'], missing: string]>([
    [[anyone], 'ana+', 'ok', 'approved', ''],
    [[anyone], 'token+', 'ok', 'approved', ''],
    [[anyone], 'ana-', 'ok', 'rejected', 'one approver'],
    [[anyone], 'vic+', 'forbidden', 'requested', 'one approver'],
    [[anyone], 'vic-', 'forbidden', 'requested', 'one approver'],
    [[anyone], 'ana+ bo+', 'ok conflict', 'approved', ''],
    [[anyone], 'ana+ bo-', 'ok conflict', 'approved', ''],
    [[anyone], 'ana- bo+', 'ok conflict', 'rejected', 'one approver'],
    [[twoOfAnyone], 'ana+', 'ok', 'requested', 'one approver'],
    [[twoOfAnyone], 'ana+ ana+', 'ok conflict', 'requested', 'one approver'],
    [[twoOfAnyone], 'ana+ token+', 'ok ok', 'approved', ''],
    [[both], 'ana+', 'ok', 'requested', 'dba'],
    [[both], 'ana+ bo+', 'ok conflict', 'requested', 'dba'],
    [[both], 'ana+ cy+', 'ok ok', 'approved', ''],
    [[both], 'cy+ ana+', 'ok ok', 'approved', ''],
    [[both], 'dee+', 'ok', 'requested', 'dba'],
    [[both], 'dee+ dee+', 'ok conflict', 'requested', 'dba'],
    [[both], 'dee+ ana+', 'ok ok', 'approved', ''],
    [[both], 'dee+ cy+', 'ok ok', 'approved', ''],
    [[both], 'eve+', 'forbidden', 'requested', 'oncall, dba'],
    [[both], 'eve-', 'forbidden', 'requested', 'oncall, dba'],
    [[both], 'token+', 'forbidden', 'requested', 'oncall, dba'],
    [[both], 'ana+ cy-', 'ok ok', 'rejected', 'dba'],
    [[twoOf], 'ana+', 'ok', 'requested', 'one of oncall or dba'],
    [[twoOf], 'ana+ bo+', 'ok ok', 'approved', ''],
    [[twoOf], 'ana+ eve+ cy+', 'ok forbidden ok', 'approved', ''],
    [[both, anyone], 'ana+ cy+', 'ok ok', 'approved', ''],
    [[both, twoOf], 'ana+ cy+', 'ok ok', 'approved', ''],
    [[both, twoOf], 'ana+ bo+ cy+', 'ok ok ok', 'approved', ''],
    [[both, { ...anyone, name: 'legal', anyOf: ['legal'] }], 'ana+ cy+', 'ok ok', 'requested', 'one of legal'],
    [[both, { ...anyone, name: 'legal', anyOf: ['legal'] }], 'ana+ cy+ eve+', 'ok ok ok', 'approved', ''],
  ])('%j: %s', (rules, answers, came, status, missing) => {
    const played = play(asked(rules), answers);
    expect(played.came.join(' ')).toBe(came);
    expect([played.approval.status, played.approval.missing.join(', ')]).toEqual([status, missing]);
  });

  it('asks no one to approve their own request, where two are needed', () => {
    expect(play(asked([both], { requestedBy: 'ana' }), 'ana+ bo+ cy+').came).toEqual(['forbidden', 'ok', 'ok']);
    expect(play(asked([both], { requestedBy: 'ana' }), 'ana-').came).toEqual(['ok']);
    expect(play(asked([anyone], { requestedBy: 'ana' }), 'ana+').came).toEqual(['ok']);
  });

  it('takes no answer after its time, nor once it has ended otherwise', () => {
    expect(play(asked([anyone]), 'ana+', now + 600_000).came).toEqual(['conflict']);
    const { ana } = people;
    expect(refusalOf(expired(asked([anyone]), now), ana!, 'approve', now)?.message).toMatch(/ran out/);
    expect(refusalOf(voided(asked([anyone]), 'recovered', now), ana!, 'approve', now)?.message).toMatch(/void .*: the target has recovered/);
    expect(refusalOf(voided(asked([anyone]), 'paused', now), ana!, 'reject', now)?.message).toMatch(/rollbacks are paused/);
  });

  it('lets go ahead what is approved, and what nobody answered where that is a yes', () => {
    const proceeding = { ...asked([anyone]), need: { ...need(anyone), onTimeout: 'proceed' as const } };
    expect([play(asked([anyone]), 'ana+').approval, expired(asked([anyone]), now), expired(proceeding, now), asked([anyone]), play(asked([anyone]), 'ana-').approval].map(isGranted)).toEqual([true, false, true, false, false]);
  });
});

it('covers as many groups as any choice could: against every way of assigning people to groups', () => {
  const groups = ['a', 'b', 'c', 'd'];
  const member = fc.record({ groups: fc.uniqueArray(fc.constantFrom(...groups), { maxLength: 3 }) });
  const most = (left: readonly string[], members: readonly { readonly groups: readonly string[] }[]): number => {
    const [group, ...others] = left;
    if (group === undefined) return 0;
    const choices = members.flatMap((candidate, index) => (candidate.groups.includes(group) ? [1 + most(others, members.toSpliced(index, 1))] : []));
    return Math.max(most(others, members), ...choices);
  };
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...groups), { minLength: 1 }), fc.array(member, { maxLength: 5 }), (allOf, members) => {
      expect(missingOf({ name: 'x', allOf, anyOf: [], count: 1 }, members)).toHaveLength(allOf.length - most(allOf, members));
    }),
    { seed: 7 },
  );
});

describe('what a start takes', () => {
  const entry = (changes: Partial<ApprovalPolicy>): ApprovalPolicy => ({ allOf: [], anyOf: [], count: 1, notify: [], timeoutMs: 600_000, onTimeout: 'hold', ...changes });
  const settings = (approvals: Approvals = {}, maxAutoLevel: 1 | 3 | 5 = 3) => ({ maxAutoLevel, approvals });
  const corruption = { corruption: entry({ allOf: ['lead', 'dba'], notify: ['compliance'], timeoutMs: 60_000, onTimeout: 'proceed' }) };
  const text = (found: ApprovalNeed | undefined): string => (found === undefined ? 'nothing' : needText(found));

  it('is one approver for levels 4 and 5, unless the file says otherwise', () => {
    expect(([1, 3, 4, 5] as const).map((level) => text(approvalNeed(settings(), level, [])))).toEqual(['nothing', 'nothing', 'one approver', 'one approver']);
    expect(text(approvalNeed(settings({ level4: 'none' }), 4, []))).toBe('nothing');
    expect(text(approvalNeed(settings({ level2: entry({ anyOf: ['oncall'] }) }), 2, []))).toBe('one of oncall');
    expect(text(approvalNeed(settings(), undefined, []))).toBe('nothing');
  });

  it('is one approver above maxAutoLevel for what runs by itself, and not for a start by hand', () => {
    expect([text(automaticApprovalNeed(settings({}, 1), 3, [])), text(approvalNeed(settings({}, 1), 3, []))]).toEqual(['one approver', 'nothing']);
    expect(text(automaticApprovalNeed(settings({ level4: 'none' }, 3), 4, []))).toBe('one approver');
    expect(text(automaticApprovalNeed(settings({ level4: 'none' }, 5), 4, []))).toBe('nothing');
  });

  it('is the rule of the level and of every scenario that is named, each to be met', () => {
    const found = approvalNeed(settings({ level4: entry({ allOf: ['oncall', 'dba'], notify: ['owner'] }), ...corruption }), 4, ['corruption', 'corruption']);
    expect(text(found)).toBe('one of oncall and one of dba, and one of lead and one of dba');
    expect(found).toMatchObject({ notify: ['owner', 'compliance'], timeoutMs: 60_000, onTimeout: 'hold' });
    expect(approvalNeed(settings(corruption), 1, ['corruption'])).toMatchObject({ onTimeout: 'proceed', rules: [{ name: 'corruption' }] });
  });

  it('is somebody, where a scenario is named that is not there any more', () => {
    expect(text(approvalNeed(settings(), 1, ['gone']))).toBe('one approver');
  });
});
