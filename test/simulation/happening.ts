import type { JournalEvent } from '../../src/incident/incident-event.js';
import { Chance } from './chance.js';
import { type ConfigurationName, configurationNames } from './guarded-configurations.js';

export const services = ['shop', 'search', 'trial'] as const;
export type Service = (typeof services)[number];

const minute = 60_000;
const hour = 60 * minute;
/** How long one history is. */
export const DAY_MS = 24 * hour;
/** From here on nothing new goes wrong, so that everything has time to come to its end. */
export const CALM_FROM_MS = 21 * hour;

type EventType = JournalEvent['type'];

/** When something happens: at a time, or the moment an event of a type has become durable for the n-th time. */
export type When = { readonly atMs: number } | { readonly on: EventType; readonly nth: number };

/** A stretch of time from the beginning of the history. */
interface Stretch {
  readonly atMs: number;
  readonly forMs: number;
}

export type Person = 'ana' | 'ben' | 'operator';
export type Act = 'approve' | 'reject' | 'cancel' | 'pause' | 'pause-now' | 'resume' | 'close' | 'reset' | 'rollback' | 'undo' | 'deploy' | 'acknowledge';

/** One thing that goes wrong, or that somebody does. Plain data, so that a history can be told again with fewer of them. */
export type Happening =
  /** A service breaks; `curedBy` says the plan of which level helps, if any does before it mends itself. */
  | ({ readonly kind: 'breach'; readonly service: Service; readonly what: 'errors' | 'slow' | 'down'; readonly curedBy?: 1 | 2 | 3 | undefined } & Stretch)
  | ({ readonly kind: 'source-fault'; readonly source: 'prometheus' | 'health'; readonly how: 'down' | 'slow' | 'empty' | 'nan' | 'lying' | 'flaky' | 'late' | 'reordered' } & Stretch)
  | ({ readonly kind: 'step-fault'; readonly how: 'hangs' | 'fails' | 'works-but-errs' | 'errs-and-works-later' | 'slow' | 'unreadable' } & Stretch)
  | ({ readonly kind: 'store-fault'; readonly how: 'refuses' | 'slow' } & Stretch)
  | ({ readonly kind: 'channel-fault'; readonly channel: 'slack' | 'email'; readonly how: 'down' | 'limited' | 'answer-lost' } & Stretch)
  /** An Alertmanager tells of an alert, again and again, and that it has ended. */
  | ({ readonly kind: 'page'; readonly service: 'shop'; readonly everyMs: number; readonly resolves: boolean } & Stretch)
  /** As by `kill -9`, `calls` calls to the outside later, before or after that call has had its effect. */
  | { readonly kind: 'kill'; readonly when: When; readonly calls: number; readonly side: 'before' | 'after'; readonly downForMs: number }
  | { readonly kind: 'stop'; readonly atMs: number; readonly downForMs: number }
  | { readonly kind: 'clock-step'; readonly atMs: number; readonly byMs: number }
  /** Somebody has edited the files, where it says how, and has them read again. */
  | { readonly kind: 'reload'; readonly when: When; readonly to?: ConfigurationName | undefined }
  /** The next write is reported to have failed. It may have reached the disk all the same; then the disk takes and gives nothing more until the daemon dies. */
  | { readonly kind: 'failed-commit'; readonly when: When; readonly isApplied: boolean; readonly diesAfterMs: number; readonly downForMs: number }
  | { readonly kind: 'act'; readonly when: When; readonly act: Act; readonly service: Service; readonly by: Person };

const acts: readonly Act[] = ['approve', 'approve', 'approve', 'reject', 'cancel', 'pause', 'pause-now', 'resume', 'close', 'reset', 'rollback', 'undo', 'deploy', 'acknowledge'];
const moments: readonly EventType[] = [
  'alert-fired',
  'decision-made',
  'rung-started',
  'rollback-started',
  'step-attempt-started',
  'step-attempt-failed',
  'step-succeeded',
  'rollback-ended',
  'verification-started',
  'verification-ended',
  'approval-requested',
  'approval-answered',
  'needs-human',
  'incident-recovered',
  'paused',
];

/** What happens in the history of a seed, in the order of its making. */
export function happeningsOf(seed: number): readonly Happening[] {
  const chance = new Chance(`happenings ${seed}`);
  const anyTime = (): number => chance.whole(0, CALM_FROM_MS - 1);
  /** Most of it happens while something is broken. */
  const hot = Array.from({ length: chance.whole(1, 6) }, anyTime);
  const time = (): number => (chance.happens(0.3) ? anyTime() : Math.min(CALM_FROM_MS - 1, chance.pick(hot) + chance.whole(0, 30 * minute)));
  /** Short ones often, long ones now and then; always over before the calm. */
  const stretch = (shortMs: number, longMs: number): Stretch => {
    const atMs = time();
    const wantedMs = chance.happens(0.6) ? chance.whole(1_000, shortMs) : chance.whole(shortMs, longMs);
    return { atMs, forMs: Math.max(1_000, Math.min(wantedMs, CALM_FROM_MS - atMs)) };
  };
  const when = (): When => (chance.happens(0.3) ? { atMs: time() } : { on: chance.pick(moments), nth: chance.whole(1, 12) });
  const several = (most: number, make: () => Happening): readonly Happening[] => Array.from({ length: chance.whole(0, most) }, make);

  const breaches = Array.from({ length: chance.whole(1, 9) }, (): Happening => {
    const what = chance.pick(['errors', 'errors', 'slow', 'down'] as const);
    return { kind: 'breach', service: chance.pick(services), what, curedBy: chance.pick([undefined, 1, 2, 3] as const), ...stretch(40 * minute, 3 * hour) };
  });
  // People look after what they are asked more often than not.
  const answers = Array.from({ length: chance.whole(0, 8) }, (_, index): Happening => {
    return { kind: 'act', when: { on: 'approval-requested', nth: index + 1 }, act: chance.pick(['approve', 'approve', 'reject'] as const), service: chance.pick(services), by: chance.pick(['ana', 'ben'] as const) };
  });
  return [
    ...breaches,
    ...answers,
    ...several(3, () => ({ kind: 'source-fault', source: chance.pick(['prometheus', 'health'] as const), how: chance.pick(['down', 'slow', 'empty', 'nan', 'lying', 'flaky', 'late'] as const), ...stretch(5 * minute, 2 * hour) })),
    ...several(4, () => ({ kind: 'step-fault', how: chance.pick(['hangs', 'fails', 'works-but-errs', 'errs-and-works-later', 'slow', 'unreadable'] as const), ...stretch(10 * minute, 4 * hour) })),
    ...several(3, () => ({ kind: 'store-fault', how: chance.pick(['refuses', 'slow', 'slow'] as const), ...stretch(5 * minute, 3 * hour) })),
    ...several(3, () => ({ kind: 'channel-fault', channel: chance.pick(['slack', 'email'] as const), how: chance.pick(['down', 'limited', 'answer-lost'] as const), ...stretch(10 * minute, 6 * hour) })),
    ...several(2, () => ({ kind: 'page', service: 'shop', everyMs: chance.pick([30_000, minute, 5 * minute]), resolves: chance.happens(0.8), ...stretch(10 * minute, hour) })),
    ...several(6, () => ({ kind: 'kill', when: when(), calls: chance.whole(0, 12), side: chance.pick(['before', 'after'] as const), downForMs: chance.pick([0, 500, 5_000, minute, 5 * minute, hour]) })),
    ...several(2, () => ({ kind: 'stop', atMs: time(), downForMs: chance.pick([0, 5_000, 10 * minute]) })),
    ...(chance.happens(0.2) ? several(1, () => ({ kind: 'clock-step', atMs: time(), byMs: chance.pick([-hour, -5 * minute, -2_000, 2_000, 5 * minute, hour]) })) : []),
    ...several(2, () => ({ kind: 'reload', when: when() })),
    ...several(10, () => ({ kind: 'act', when: when(), act: chance.pick(acts), service: chance.pick(services), by: chance.pick(['ana', 'ben', 'operator'] as const) })),
    ...several(2, () => ({ kind: 'source-fault', source: 'prometheus', how: 'reordered', ...stretch(20 * minute, 2 * hour) })),
    ...several(3, () => ({ kind: 'failed-commit', when: when(), isApplied: chance.happens(0.5), diesAfterMs: chance.pick([0, 200, 3_000, 20_000]), downForMs: chance.pick([0, 5_000, 5 * minute]) })),
    ...(chance.happens(0.5) ? several(5, () => ({ kind: 'reload', when: when(), to: chance.pick(configurationNames) })) : []),
  ];
}
