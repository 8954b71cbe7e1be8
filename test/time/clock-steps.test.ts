import { expect, it } from 'vitest';
import { ClockSteps } from '../../src/time/clock-steps.js';
import { FakeClock } from '../support/fake-clock.js';

it('tells each step once, and what a clock does by itself never', async () => {
  const clock = new FakeClock();
  const steps = new ClockSteps(clock);
  await clock.advance(86_400_000);
  expect(steps.takeMs()).toBe(0);
  clock.set(3_600_000);
  await clock.advance(1_234);
  expect([steps.takeMs(), steps.takeMs()]).toEqual([3_600_000, 0]);
  clock.set(-7_200_000);
  expect([steps.takeMs(), steps.takeMs()]).toEqual([-7_200_000, 0]);
});

it('takes a slewed clock for what it is, however long that goes on', () => {
  const clock = new FakeClock();
  const steps = new ClockSteps(clock);
  for (let look = 0; look < 100; look += 1) {
    clock.set(500);
    expect(steps.takeMs()).toBe(0);
  }
});
