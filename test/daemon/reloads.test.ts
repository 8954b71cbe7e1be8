import { describe, expect, it } from 'vitest';
import { Reloads } from '../../src/daemon/reloads.js';

/** A reload that ends when it is told to. */
function slowReload(): { readonly begun: () => number; readonly reload: () => Promise<void>; readonly finish: () => void } {
  const running: (() => void)[] = [];
  let begun = 0;
  return {
    begun: () => begun,
    reload: () => {
      begun += 1;
      return new Promise((resolve) => running.push(resolve));
    },
    finish: () => running.shift()?.(),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Reloads', () => {
  it('never runs two at once, and lets a storm share the one that is still to begin', async () => {
    const reloads = new Reloads();
    const { begun, reload, finish } = slowReload();
    const first = reloads.ask(reload);
    await turn();
    const storm = Array.from({ length: 100 }, () => reloads.ask(reload));
    await turn();
    expect(begun()).toBe(1);
    finish();
    await first;
    await turn();
    expect(begun()).toBe(2);
    finish();
    await Promise.all(storm);
    expect(begun()).toBe(2);
  });

  it('tells everyone who shared it of its failure, and goes on with the next', async () => {
    const reloads = new Reloads();
    const fail = (): Promise<void> => Promise.reject(new Error('a bad file'));
    const asked = [reloads.ask(fail), reloads.ask(fail)];
    expect(await Promise.allSettled(asked)).toMatchObject([{ reason: { message: 'a bad file' } }, { reason: { message: 'a bad file' } }]);
    await expect(reloads.ask(() => Promise.resolve())).resolves.toBeUndefined();
  });

  it('ends after what was asked for, and refuses what comes later', async () => {
    const reloads = new Reloads();
    const { reload, finish } = slowReload();
    const asked = reloads.ask(reload);
    await turn();
    let ended = false;
    const end = reloads.end().then(() => (ended = true));
    await turn();
    expect(ended).toBe(false);
    finish();
    await Promise.all([asked, end]);
    await expect(reloads.ask(reload)).rejects.toMatchObject({ code: 'conflict' });
  });
});
