import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/time/clock.js';

const startAt = Date.UTC(2026, 0, 1);

describe('systemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: startAt });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function sleptMs(at: number, meanwhile: () => void = () => undefined): Promise<number> {
    let sleptMs = 0;
    const sleep = { over: false };
    void systemClock.sleepUntil(at).then(() => (sleep.over = true));
    await vi.advanceTimersByTimeAsync(0);
    meanwhile();
    while (!sleep.over) {
      await vi.advanceTimersByTimeAsync(1_000);
      sleptMs += 1_000;
      if (sleptMs > 86_400_000) throw new Error('slept for more than a day');
    }
    return sleptMs;
  }

  it('does not wait for what is past', async () => {
    await systemClock.sleepUntil(startAt - 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sleeps until the instant', async () => {
    expect(await sleptMs(startAt + 15_000)).toBe(15_000);
  });

  it('sleeps no longer than was left when the clock is set back by hours', async () => {
    expect(await sleptMs(startAt + 15_000, () => vi.setSystemTime(startAt - 7_200_000))).toBe(15_000);
  });

  it('wakes with the timer, and not at once, when the clock is set ahead', async () => {
    expect(await sleptMs(startAt + 15_000, () => vi.setSystemTime(startAt + 7_200_000))).toBe(15_000);
  });

  it('sleeps longer than a timer can hold', async () => {
    let done = false;
    const days = 40;
    void systemClock.sleepUntil(startAt + days * 86_400_000).then(() => (done = true));
    await vi.advanceTimersByTimeAsync((days * 86_400 - 1) * 1_000);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toBe(true);
  });

  it('rejects with the reason of the signal and leaves no timer behind', async () => {
    const controller = new AbortController();
    const sleep = systemClock.sleepUntil(startAt + 15_000, controller.signal);
    const reason = new Error('stopped');
    controller.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    await expect(systemClock.sleepUntil(startAt, controller.signal)).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});
