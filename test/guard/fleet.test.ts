import { afterEach, describe, expect, it } from 'vitest';
import { foldIncident, type Incident } from '../../src/incident/incident.js';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const second = 1_000;
const minute = 60 * second;
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

let rig: GuardRig;
/** Executions whose step runs just now, and the most that ever did. */
let running = 0;
let most = 0;

/** As many targets as there are names, all watched by one source; each has one plan, whose step takes five seconds. */
async function fleet(changes: Partial<ReturnType<typeof aPolicy>>, mode: 'enforce' | 'dry-run' = 'enforce'): Promise<void> {
  running = most = 0;
  rig = await GuardRig.start({
    mode,
    targets: names.map((name) => ({ name, owners: [], priority: 'critical', hasHealth: false })),
    triggers: names.map((name) => trigger({ name: `Errors-${name}`, target: name, query: { kind: 'promql', expr: name }, levels: { from: 1, to: 1 } })),
    plans: names.map((name) => plan(`flag-${name}`, 1, { target: name })),
    policy: aPolicy(changes),
  });
  for (const name of names) {
    rig.executor.acts.set(`flag-${name}-step`, async () => {
      most = Math.max(most, ++running);
      await rig.clock.sleepUntil(rig.clock.now() + 4 * second);
      running -= 1;
      rig.source.answers.set(name, 0);
    });
  }
}

function breach(...targets: readonly string[]): void {
  for (const name of targets) rig.source.answers.set(name, 0.5);
}

async function incidents(): Promise<readonly Incident[]> {
  const ids = await rig.store.guard.incidents({ limit: 100 });
  return (await Promise.all(ids.map(async (id) => foldIncident(await rig.store.guard.entriesOfIncident(id))))).flatMap((incident) => incident ?? []);
}

async function ends(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { status, needsHuman } of await incidents()) {
    const end = needsHuman === undefined ? status : `${status}: ${needsHuman.reason}`;
    counts[end] = (counts[end] ?? 0) + 1;
  }
  return counts;
}

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

describe('many targets at once', () => {
  it('have their turn one after another, and beyond the limit of the fleet a person is asked', async () => {
    await fleet({ fleet: { maxTargets: 2, perMs: 10 * minute, maxConcurrent: 1 } });
    breach(...names);
    await rig.clock.advance(90 * second);
    expect(most).toBe(1);
    expect(rig.executor.done).toHaveLength(2);
    expect(await ends()).toEqual({ recovered: 2, 'needs-human: fleet-limit': 4 });
    const [waiting] = (await incidents()).filter(({ status }) => status === 'needs-human');
    expect(waiting?.needsHuman?.explanation).toMatch(/^2 other targets were rolled back within 10m \(\w, \w\): something larger is wrong\.$/);
  });

  it('whose decisions fall at the very same moment are not begun beyond what may run at once', async () => {
    await fleet({ fleet: { maxTargets: 9, perMs: 10 * minute, maxConcurrent: 2 } });
    const observe = rig.source.observe.bind(rig.source);
    let open = (): void => undefined;
    breach(...names);
    await rig.clock.advance(10 * second);
    // Every answer of the next slot, and those to the questions just before the first step, come together.
    let gate = new Promise<void>((resolve) => (open = resolve));
    rig.source.observe = async (...asked) => gate.then(() => observe(...asked));
    await rig.clock.advance(second);
    const first = open;
    gate = new Promise<void>((resolve) => (open = resolve));
    first();
    await rig.clock.advance(0);
    expect(rig.executor.done).toEqual([]);
    open();
    gate = Promise.resolve();
    await rig.clock.advance(0);
    expect(running).toBe(2);
    await rig.clock.advance(60 * second);
    expect(most).toBe(2);
    expect(await ends()).toEqual({ recovered: 6 });
  });

  it('are counted per mode, and the count is there after a restart', async () => {
    await fleet({ fleet: { maxTargets: 1, perMs: 10 * minute, maxConcurrent: 1 } });
    await rig.redeclare({ targets: rig.declaration.targets.map((target) => (target.name === 'a' ? { ...target, mode: 'dry-run' } : target)) });
    breach('a');
    await rig.clock.advance(20 * second);
    breach('b');
    await rig.clock.advance(30 * second);
    expect(rig.executor.done).toEqual(['flag-b-step']);
    await rig.stop();
    await rig.open();
    breach('c');
    await rig.clock.advance(20 * second);
    expect(rig.executor.done).toEqual(['flag-b-step']);
    expect(await ends()).toMatchObject({ recovered: 1, 'needs-human: fleet-limit': 1 });
  });

  it('that breach one by one, further apart than the limit looks back, are each rolled back', async () => {
    await fleet({ fleet: { maxTargets: 1, perMs: minute, maxConcurrent: 1 } });
    for (const name of ['a', 'b', 'c']) {
      breach(name);
      await rig.clock.advance(80 * second);
    }
    expect(rig.executor.done).toEqual(['flag-a-step', 'flag-b-step', 'flag-c-step']);
    expect(await ends()).toEqual({ recovered: 3 });
  });
});

describe('a person', () => {
  it('can roll back a target that the limit of the fleet holds back, and resets one target without another', async () => {
    await fleet({ cooldownMs: 0, maxRollbacks: { count: 1, perMs: 60 * minute }, fleet: { maxTargets: 9, perMs: 10 * minute, maxConcurrent: 9 } });
    for (let times = 0; times < 2; times += 1) {
      breach('a', 'b');
      await rig.clock.advance(30 * second);
    }
    expect(rig.executor.done.toSorted()).toEqual(['flag-a-step', 'flag-b-step']);
    expect(await ends()).toEqual({ recovered: 2, 'needs-human: budget-exhausted': 2 });
    await rig.guard.reset('a', 'ana');
    await rig.clock.advance(30 * second);
    expect(rig.executor.done.slice(2)).toEqual(['flag-a-step']);
    await rig.guard.startByHand({ plan: 'flag-b', by: 'ana', reason: 'it is the flag', dryRun: false });
    await rig.clock.advance(30 * second);
    expect(rig.executor.done.slice(3)).toEqual(['flag-b-step']);
    expect(await ends()).toEqual({ recovered: 4 });
  });
});
