import { setTimeout as waitMs } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/time/virtual-clock.js';

describe('a virtual clock', () => {
  test('wakes sleepers by their instants, those of one instant in the order in which they fell asleep', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 40 }), async (instants) => {
        const clock = new VirtualClock(0);
        const woken: [at: number, index: number, now: number][] = [];
        instants.forEach((at, index) => void clock.sleepUntil(at).then(() => woken.push([at, index, clock.now()])));
        await clock.advanceTo(20);
        const sorted = instants.map((at, index) => [at, index, at]).sort(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j);
        expect(woken).toEqual(sorted);
      }),
    );
  });

  test('lets all that a waking sets going end before the next one wakes, however long the chain', async () => {
    const clock = new VirtualClock(0);
    const story: string[] = [];
    const chain = async (): Promise<void> => {
      await clock.sleepUntil(10);
      for (let turn = 0; turn < 5_000; turn += 1) await Promise.resolve();
      story.push(`first done at ${clock.now()}`);
      await clock.sleepUntil(15);
      story.push(`first again at ${clock.now()}`);
    };
    void chain();
    void clock.sleepUntil(11).then(() => story.push('second woken'));
    await clock.advanceTo(15);
    expect(story).toEqual(['first done at 10', 'second woken', 'first again at 15']);
  });

  test('stops just before an instant without waking who sleeps until it', async () => {
    const clock = new VirtualClock(0);
    const woken: number[] = [];
    for (const at of [4, 5]) void clock.sleepUntil(at).then(() => woken.push(at));
    await clock.advanceJustBefore(5);
    expect([clock.now(), woken]).toEqual([5, [4]]);
    await clock.advanceTo(5);
    expect(woken).toEqual([4, 5]);
  });

  test('rejects with the reason of an abort, and does not wake what was aborted', async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const sleep = clock.sleepUntil(5, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(clock.sleepUntil(5, abort.signal)).rejects.toThrow('enough');
    await clock.advanceTo(10);
    await clock.sleepUntil(3);
    expect(clock.now()).toBe(10);
  });

  test('never wakes whom it has forgotten', async () => {
    const clock = new VirtualClock(0);
    const woken: string[] = [];
    void clock.sleepUntil(5).then(() => woken.push('before'));
    clock.forgetSleepers();
    void clock.sleepUntil(6).then(() => woken.push('after'));
    await clock.advanceTo(10);
    expect(woken).toEqual(['after']);
  });

  test('stands still while real work goes on', async () => {
    const clock = new VirtualClock(0);
    const story: string[] = [];
    const ask = async (): Promise<void> => {
      await clock.sleepUntil(5);
      await clock.during(waitMs(30));
      story.push(`answered at ${clock.now()}`);
    };
    void ask();
    void clock.sleepUntil(6).then(() => story.push('six'));
    await clock.advanceTo(10);
    expect(story).toEqual(['answered at 5', 'six']);
  });

  test('goes on after real work that failed', async () => {
    const clock = new VirtualClock(0);
    const failing = clock.during(waitMs(5).then(() => Promise.reject(new Error('refused'))));
    const caught = failing.catch((error: unknown) => String(error));
    await clock.advanceTo(1);
    expect(await caught).toBe('Error: refused');
  });
});
