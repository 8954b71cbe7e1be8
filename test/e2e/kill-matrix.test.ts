import { beforeAll, expect, it } from 'vitest';
import { killedStory, type KilledStory, type Seen } from '../support/kill-world.js';

const second = 1_000;
/** The long run kills a daemon of its own at every line; CI one daemon at some lines, one after another. */
const isLong = process.env['BELAY_LONG'] !== undefined;
/** Stories mostly wait. */
const LANES = 3;
/** Of a step of every type, and around each rung: where something is decided, begun or proved. */
const someDeaths = [
  'rung-started', 'step-attempt-started off/flag', 'verification-ended', 'rollback-started 2', 'step-attempt-started back/gate',
  'approval-requested', 'approval-answered', 'step-attempt-started back/data', 'step-attempt-started back/command', 'step-succeeded back/request', 'step-attempt-started back/version', 'incident-recovered',
];

/** Where it is told to stop (SIGTERM) instead. */
const someStops = ['incident-opened', 'step-attempt-started back/configuration', 'verification-started 2'];

let undisturbed: KilledStory;
beforeAll(async () => {
  undisturbed = await killedStory([]);
}, 180 * second);

it('the undisturbed story has a step of every type, each done once', () => {
  const { incident, seen, incidents } = undisturbed;
  expect(incidents).toBe(1);
  expect(new Set(incident.rungs.flatMap(({ steps }) => steps.map(({ type }) => type)))).toEqual(new Set(['feature-flag', 'notification', 'traffic', 'approval', 'configuration', 'data', 'command', 'http', 'wait', 'deployment', 'check']));
  expect(seen).toMatchObject({ effects: { flag: ['false'], configuration: ['c1'], data: ['s1'], command: ['done'], version: ['v1'] }, isClosed: true, requests: 1 });
});

/** What a person, the service and its neighbours can tell of it. A command and a request whose end was not written down may come twice (docs/GUARANTEES.md). */
function expectTheSame({ incident, seen, incidents, kills }: KilledStory): void {
  expect(incidents).toBe(1);
  expect(incident.status).toBe('recovered');
  expect(incident.rungs.map(({ planId, outcome, steps }) => [planId, outcome, steps.map(({ key, status }) => `${key} ${status}`)])).toEqual(
    undisturbed.incident.rungs.map(({ planId, outcome, steps }) => [planId, outcome, steps.map(({ key, status }) => `${key} ${status}`)]),
  );
  const { command = [], ...others } = seen.effects;
  expect(others).toEqual({ flag: ['false'], configuration: ['c1'], data: ['s1'], version: ['v1'] });
  expect(seen.isClosed).toBe(true);
  expect(new Set(command)).toEqual(new Set(['done']));
  expect(Math.max(command.length, seen.requests)).toBeLessThanOrEqual(1 + kills);
  expect(toldOf(seen), 'no message is missing, and none of another id says the same again').toEqual(toldOf(undisturbed.seen));
}

/** Without what Belay says of itself, and without how long things took. */
function toldOf({ titles }: Seen): readonly string[] {
  return titles.filter((title) => !/Belay/.test(title)).map((title) => title.replace(/, \S+ after it began/, '')).sort();
}

if (isLong) {
  it('kill -9, or SIGTERM, at any line of the journal ends as if nobody had been killed', { timeout: 3 * 3_600 * second }, async () => {
    const names = [...new Set(undisturbed.lines)];
    expect(names.length).toBeGreaterThan(35);
    const stories = names.flatMap((name) => [[name, 'SIGKILL'] as const, [name, 'SIGTERM'] as const]);
    const failures: string[] = [];
    let ended = 0;
    const left = stories.values();
    /** Each lane takes the next story that nobody has taken yet; a failure does not end the run. */
    const lane = async (): Promise<void> => {
      for (const [name, signal] of left) {
        const startedMs = performance.now();
        let result = 'well';
        try {
          const story = await (signal === 'SIGKILL' ? killedStory([name]) : killedStory([], [name]));
          expect(story.kills).toBe(1);
          expectTheSame(story);
        } catch (error) {
          result = String(error);
          failures.push(`${signal} at ${name}: ${result}`);
        }
        ended += 1;
        process.stdout.write(`${ended}/${stories.length} ${signal} at ${name}: ${result} (${Math.round((performance.now() - startedMs) / second)} s)\n`);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(failures).toEqual([]);
  });
} else {
  it('kill -9 and SIGTERM at lines of the journal, one after another, end as if nobody had been killed', { timeout: 360 * second }, async () => {
    const story = await killedStory(someDeaths, someStops);
    expect(story.kills).toBeGreaterThanOrEqual(someDeaths.length);
    expectTheSame(story);
  });
}
