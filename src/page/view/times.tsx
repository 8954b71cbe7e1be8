import type { JSX } from 'preact';
import { serverClock } from '../live/server-clock.js';
import { Store, useStore } from '../live/store.js';
import { clockText, dayText, roughText } from './duration-text.js';

const SECOND = 1_000;

/** The daemon's time, told once a second. */
const ticking = new Store<number>(0);
setInterval(() => ticking.change(() => serverClock.now ?? 0), SECOND);

/** The daemon's time now, in milliseconds since the epoch; changes every second. */
export function useNow(): number {
  const ticked = useStore(ticking, (now) => now);
  return Math.max(ticked, serverClock.now ?? 0);
}

/** An instant: the time of today, date and time of other days. */
export function Instant({ at }: { readonly at: number }): JSX.Element {
  const iso = new Date(at).toISOString();
  const isToday = new Date(serverClock.now ?? at).toISOString().slice(0, 10) === iso.slice(0, 10);
  return (
    <time dateTime={iso} title={iso}>
      {isToday ? clockText(at) : dayText(at)}
    </time>
  );
}

/** How long something has lasted, counting. */
export function Since({ at }: { readonly at: number }): JSX.Element {
  return <span class="num">{roughText(useNow() - at)}</span>;
}

/** How long there is still, counting down. */
export function Until({ at }: { readonly at: number }): JSX.Element {
  return <span class="num">{roughText(at - useNow())}</span>;
}
