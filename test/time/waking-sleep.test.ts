import { expect, it } from 'vitest';
import { WakingSleep } from '../../src/time/waking-sleep.js';
import { FakeClock } from '../support/fake-clock.js';

const never = new AbortController().signal;

it('ends at its time, when poked, and when stopped', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const sleep = new WakingSleep(clock, stop.signal);
  let ended = 0;
  const until = (at: number): void => void sleep.until(at).then(() => (ended += 1));
  until(clock.now() + 100);
  await clock.advance(99);
  expect(ended).toBe(0);
  await clock.advance(1);
  expect(ended).toBe(1);
  until(clock.now() + 100);
  sleep.poke();
  await clock.advance(0);
  expect(ended).toBe(2);
  until(clock.now() + 100);
  stop.abort();
  await clock.advance(0);
  expect([ended, clock.sleeping]).toEqual([3, 0]);
});

it('misses neither a poke nor a stop that came before it', async () => {
  const clock = new FakeClock();
  const sleep = new WakingSleep(clock, never);
  sleep.poke();
  await sleep.until(clock.now() + 100);
  let ended = false;
  void sleep.until(clock.now() + 100).then(() => (ended = true));
  await clock.advance(99);
  expect(ended).toBe(false);
  await clock.advance(1);
  await new WakingSleep(clock, AbortSignal.abort()).until(clock.now() + 100);
  expect(clock.sleeping).toBe(0);
});
