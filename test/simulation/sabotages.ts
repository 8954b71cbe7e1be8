import type { JournalEvent } from '../../src/incident/incident-event.js';
import type { SeriesSample } from '../../src/source/sample.js';
import type { Invariant } from './oracle.js';
import type { Sabotage } from './simulate.js';

/** Bugs that the guard might have, made at its edges, and the promise that each must be seen to break. */
export const sabotages: readonly { readonly bug: string; readonly breaks: Invariant; /** The first seed that finds it. */ readonly foundBy: number; readonly sabotage: Sabotage }[] = [
  {
    bug: 'windows are counted a minute short',
    breaks: 'the-window-held',
    foundBy: 1,
    sabotage: {
      config: (config) => ({ ...config, triggers: config.triggers.map((trigger) => (trigger.window.kind === 'for' ? { ...trigger, window: { ...trigger.window, forMs: trigger.window.forMs - 60_000 } } : trigger)) }),
    },
  },
  {
    bug: 'what was bad at the last look is taken for what is so now',
    breaks: 'asked-again-before-acting',
    foundBy: 3,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        sources: new Map(
          [...outside.sources].map(([name, source]) => {
            // What was bad at the last look is answered once more.
            const bad = new Map<string, Awaited<ReturnType<typeof source.observe>>>();
            return [
              name,
              {
                ...source,
                async observe(query, at, signal) {
                  const answer = await source.observe(query, at, signal);
                  const value = answer.kind === 'vector' && answer.series[0]?.sample.kind === 'value' ? answer.series[0].sample.value : undefined;
                  const isBad = value !== undefined && (name === 'health' ? value === 0 : value > 0.1);
                  if (isBad) bad.set(JSON.stringify(query), answer);
                  return answer;
                },
                async confirm(query, at, signal) {
                  const answer = (await source.confirm?.(query, at, signal)) ?? (await source.observe(query, at, signal));
                  const old = bad.get(JSON.stringify(query));
                  if (old?.kind !== 'vector') return answer;
                  return { ...old, at, series: old.series.map((series) => ({ ...series, sample: { ...series.sample, at } })) };
                },
              },
            ];
          }),
        ),
      }),
    },
  },
  {
    bug: 'a killed rollback is forgotten, and another one started beside it',
    breaks: 'one-rollback-per-target',
    foundBy: 16,
    sabotage: { outside: (outside) => ({ ...outside, store: { ...outside.store, openIncidents: () => Promise.resolve([]) } }) },
  },
  {
    bug: 'that a step has succeeded is not read back after a restart',
    breaks: 'no-step-again-after-its-success',
    foundBy: 20,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        worker: { ...bound(outside.worker), state: () => Promise.resolve('not-applied' as const) },
        store: {
          ...outside.store,
          entriesOfExecution: async (id) => (await outside.store.entriesOfExecution(id)).filter(({ event }) => event.type !== 'step-succeeded'),
        },
      }),
    },
  },
  {
    bug: 'a timeout does not stop the work',
    breaks: 'stopped-is-stopped',
    foundBy: 26,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        worker: { ...bound(outside.worker), execute: (step, context, _signal, attempt) => outside.worker.execute(step, context, new AbortController().signal, attempt) },
      }),
    },
  },
  {
    bug: 'the mode of a target is not looked at',
    breaks: 'a-dry-run-has-no-effect',
    foundBy: 1,
    sabotage: { config: (config) => ({ ...config, targets: config.targets.map((target) => ({ ...target, mode: 'enforce' })) }) },
  },
  {
    bug: 'nobody wakes up when an approval runs out',
    breaks: 'every-firing-has-an-outcome',
    foundBy: 8,
    sabotage: withoutEvents('approval-expired'),
  },
  {
    bug: 'a message counts as sent before it is',
    breaks: 'every-message-arrives',
    foundBy: 4,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        channels: outside.channels.map((channel) => ({
          ...channel,
          async send(delivery) {
            const result = await channel.send(delivery);
            return result.kind === 'retry' ? { kind: 'sent' } : result;
          },
        })),
      }),
    },
  },
  {
    bug: 'the newest message goes out first',
    breaks: 'messages-in-order',
    foundBy: 1,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        outbox: {
          ...outside.outbox,
          async waiting(channel, limit) {
            return (await outside.outbox.waiting(channel, 1_000)).toReversed().slice(0, limit);
          },
        },
      }),
    },
  },
  {
    bug: 'cooldown and budget are forgotten with every restart',
    breaks: 'budgets-and-cooldowns',
    foundBy: 24,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        store: { ...outside.store, entriesOfTypes: async (types, sinceAt) => (types.includes('rung-started') ? [] : outside.store.entriesOfTypes(types, sinceAt)) },
      }),
    },
  },
  {
    bug: 'pauses are forgotten with every restart',
    breaks: 'replay-equals-memory',
    foundBy: 25,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        store: { ...outside.store, entriesOfTypes: async (types, sinceAt) => (types.includes('paused') ? [] : outside.store.entriesOfTypes(types, sinceAt)) },
      }),
    },
  },
  {
    bug: 'whom an incident has called is forgotten with every restart',
    breaks: 'nobody-is-called-twice-or-too-soon',
    foundBy: 22,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        store: { ...outside.store, entriesOfIncident: async (id) => (await outside.store.entriesOfIncident(id)).filter(({ event }) => event.type !== 'incident-escalated') },
      }),
    },
  },
  {
    bug: 'an answer without any series is read as if it held one',
    breaks: 'no-fault-inside',
    foundBy: 77,
    sabotage: {
      outside: (outside) => ({
        ...outside,
        sources: new Map(
          [...outside.sources].map(([name, source]) => [
            name,
            {
              ...source,
              async observe(query, at, signal) {
                const answer = await source.observe(query, at, signal);
                if (answer.kind !== 'vector') return answer;
                const { labels, sample } = answer.series[0] as SeriesSample;
                return { ...answer, series: [{ labels, sample }] };
              },
            },
          ]),
        ),
      }),
    },
  },
];

/** A class's methods, so that some can be put in place of others. */
function bound<T extends object>(instance: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(instance)) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, typeof instance[name] === 'function' ? (instance[name] as (...values: unknown[]) => unknown).bind(instance) : instance[name]])) as unknown as T;
}

/** Events of a type are written down nowhere, as if nothing had happened. */
function withoutEvents(type: JournalEvent['type']): Sabotage {
  return {
    outside: (outside) => ({
      ...outside,
      store: { ...outside.store, append: async (events) => (events.some((event) => event.type === type) ? new Promise(() => undefined) : outside.store.append(events)) },
    }),
  };
}

