import { Store } from '../live/store.js';
import { pathOf, routeOf, type Route } from './route.js';

/** Where the page is. */
export const place = new Store<Route>(routeOf(location));

addEventListener('popstate', () => place.change(() => routeOf(location)));

/** Goes to a view of this page; with `replace`, going back skips the present one. */
export function goTo(route: Exclude<Route, { view: 'unknown' }>, { replace = false } = {}): void {
  const path = pathOf(route);
  if (replace) history.replaceState(null, '', path);
  else if (path !== location.pathname + location.search) history.pushState(null, '', path);
  place.change(() => route);
  if (!replace) scrollTo(0, 0);
}
