import { describe, expect, it } from 'vitest';
import { BreachPictures } from '../../src/notify/breach-pictures.js';
import type { Message } from '../../src/notify/message.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { Source } from '../../src/source/source.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { FakeClock } from '../support/fake-clock.js';
import { IncidentStory } from '../support/incident-story.js';
import { aTrigger } from '../support/triggers.js';

const NOW = Date.UTC(2026, 0, 1, 3, 4, 10);
const { entries } = new IncidentStory().opened().fired();
const firing: Message = { kind: 'firing', tone: 'bad', incidentId: 'incident-7', target: 'checkout', dryRun: false, title: 't', text: '', facts: [] };

type History = NonNullable<Source['history']>;

const remembers: History = (_query, fromAt, toAt, stepMs) =>
  Promise.resolve(Array.from({ length: Math.floor((toAt - fromAt) / stepMs) }, (_, index) => ({ kind: 'vector' as const, warnings: [], at: fromAt + index * stepMs, series: [{ labels: {}, sample: { kind: 'value' as const, at: fromAt + index * stepMs, value: index / 400 } }] })));

function picturesFrom(history: History | undefined): { readonly pictures: BreachPictures; readonly clock: FakeClock; readonly failures: string[]; readonly asked: () => number } {
  let asked = 0;
  const clock = new FakeClock(NOW);
  const failures: string[] = [];
  const source = { name: 'prometheus', intervalMs: 15_000, ...(history === undefined ? {} : { history: (...question: Parameters<History>) => ((asked += 1), history(...question)) }) } as Source;
  const trigger: Trigger = aTrigger({ name: 'CheckoutErrorRateHigh', source: 'prometheus' });
  const pictures = new BreachPictures({
    journal: { entriesOfIncident: () => Promise.resolve(entries) },
    clock,
    redactor: new Redactor(),
    view: () => ({ triggers: new Map([[trigger.name, trigger]]), sources: new Map([['prometheus', source]]), changes: { lastDeployAt: () => undefined } }),
    failed: (message) => failures.push(message),
  });
  return { pictures, clock, failures, asked: () => asked };
}

describe('the picture of a breach', () => {
  it('shows the series of its trigger, drawn once for all channels', async () => {
    const { pictures, asked, clock } = picturesFrom(remembers);
    const [one, two] = await Promise.all([pictures.of(firing), pictures.of(firing)]);
    expect(one?.png.subarray(1, 4).toString()).toBe('PNG');
    expect(one?.alt).toBe('CheckoutErrorRateHigh against its threshold, up to 2026-01-01 03:04:10 UTC');
    expect([two === one, asked(), clock.sleeping]).toEqual([true, 1, 0]);
  });

  it.each([
    ['whose source remembers nothing', undefined],
    ['whose source has no sample left', () => Promise.resolve([])],
  ] as const)('is left out for a trigger %s', async (_name, history) => {
    const { pictures, failures } = picturesFrom(history);
    expect([await pictures.of(firing), failures]).toEqual([undefined, []]);
  });

  it('is not waited for longer than two seconds, and not again for a minute', async () => {
    const { pictures, clock, failures, asked } = picturesFrom(() => new Promise(() => undefined));
    const waiting = pictures.of(firing);
    await clock.advance(2_000);
    expect([await waiting, failures]).toEqual([undefined, ['there was no picture within 2 s']]);
    expect([await pictures.of(firing), asked()]).toEqual([undefined, 1]);
  });

  it('never costs a message when the source throws', async () => {
    const { pictures, failures } = picturesFrom(() => Promise.reject(new Error('boom')));
    expect([await pictures.of(firing), failures]).toEqual([undefined, ['boom']]);
  });

  it('belongs to messages about values, and to nothing else', async () => {
    const { pictures, asked } = picturesFrom(remembers);
    for (const kind of ['plan-notification', 'guard', 'acknowledged', 'rollback-started'] as const) expect(await pictures.of({ ...firing, kind })).toBeUndefined();
    expect([await pictures.of({ ...firing, incidentId: undefined }), asked()]).toEqual([undefined, 0]);
  });
});
