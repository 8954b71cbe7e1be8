import type { JSX } from 'preact';
import { signedOut } from '../live/live-feed.js';
import { useLive } from '../live/live.js';
import { useStore } from '../live/store.js';
import type { Route } from '../session/route.js';
import { session } from '../session/session.js';
import { Link } from '../view/link.js';
import { ConnectionMark } from './connection-mark.js';

export function Header({ route }: { readonly route: Route }): JSX.Element {
  const environment = useLive(({ status }) => status?.environment);
  return (
    <header>
      <div class="bar">
        <Link to={{ view: 'overview' }} class="brand">
          Belay
        </Link>
        {environment !== undefined && <span class="environment">{environment}</span>}
        <nav aria-label="Views">
          <Link to={{ view: 'overview' }} current={route.view === 'overview'}>
            Now
          </Link>
          <Link to={{ view: 'incidents', filter: {} }} current={route.view === 'incidents'}>
            History
          </Link>
          <Link to={{ view: 'plans' }} current={route.view === 'plans'}>
            Plans
          </Link>
        </nav>
        <span class="space" />
        <ConnectionMark />
        <Who />
      </div>
    </header>
  );
}

function Who(): JSX.Element | null {
  const who = useStore(session, (current) => current);
  if (who.kind !== 'signed-in') return null;
  return (
    <span class="who">
      <span class="who-name">{who.anonymous ? 'viewing only' : `${who.name}, ${who.role}`}</span>
      <button type="button" class="quiet" onClick={() => signedOut()}>
        {who.anonymous ? 'Sign in' : 'Sign out'}
      </button>
    </span>
  );
}
