import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { OpenDialog } from '../dialog/dialogs.js';
import { History } from '../history/history.js';
import { IncidentPage } from '../incident/incident-page.js';
import { useLive } from '../live/live.js';
import { useStore } from '../live/store.js';
import { Overview } from '../overview/overview.js';
import { Plans } from '../plans/plans.js';
import { place } from '../session/place.js';
import { pathOf, type Route } from '../session/route.js';
import { session } from '../session/session.js';
import { SignIn } from '../session/sign-in.js';
import { TargetPage } from '../target/target-page.js';
import { Announcer } from './announcer.js';
import { Banners } from './banners.js';
import { Header } from './header.js';

/** The whole page. */
export function Shell(): JSX.Element {
  const isSignedOut = useStore(session, ({ kind }) => kind === 'signed-out');
  const route = useStore(place, (current) => current);
  if (isSignedOut) return <SignIn />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header route={route} />
      <Banners />
      <Main route={route} />
      <Announcer />
      <OpenDialog />
    </>
  );
}

/** A view that is come to takes the focus, so that keyboard and screen reader begin at its top. */
function Main({ route }: { readonly route: Route }): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const path = route.view === 'unknown' ? '' : pathOf(route).replace(/\?.*/, '');
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current !== path) main.current?.focus({ preventScroll: true });
    shown.current = path;
  }, [path]);
  return (
    <main id="main" tabIndex={-1} ref={main} key={path}>
      <View route={route} />
    </main>
  );
}

function View({ route }: { readonly route: Route }): JSX.Element {
  const isThere = useLive(({ status }) => status !== undefined);
  if (!isThere) return <p class="waiting">Asking Belay how things are …</p>;
  switch (route.view) {
    case 'overview':
      return <Overview />;
    case 'target':
      return <TargetPage name={route.name} />;
    case 'incidents':
      return <History filter={route.filter} />;
    case 'incident':
      return <IncidentPage id={route.id} />;
    case 'plans':
      return <Plans id={route.id} />;
    case 'unknown':
      return <h1>There is no such view.</h1>;
    default:
      return route satisfies never;
  }
}
