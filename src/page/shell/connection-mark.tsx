import type { JSX } from 'preact';
import { useLive } from '../live/live.js';
import { Since } from '../view/times.js';

/** Whether what one sees is how things are, or how old it is. */
export function ConnectionMark(): JSX.Element {
  const connection = useLive((state) => state.connection);
  switch (connection.kind) {
    case 'live':
      return <span class="connection live">live</span>;
    case 'connecting':
      return <span class="connection">connecting …</span>;
    case 'lost':
      return <span class="connection lost">{connection.since === undefined ? 'no connection' : <><Since at={connection.since} /> old</>}</span>;
    default:
      return connection satisfies never;
  }
}
