/** What the address bar says: every view, with its filters, has an address that can be sent to somebody. */
export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'target'; readonly name: string }
  | { readonly view: 'incidents'; readonly filter: HistoryFilter }
  | { readonly view: 'incident'; readonly id: string }
  | { readonly view: 'plans'; readonly id?: string | undefined }
  | { readonly view: 'unknown' };

export interface HistoryFilter {
  readonly target?: string | undefined;
  readonly state?: HistoryState | undefined;
  readonly days?: number | undefined;
}
export const historyStates = ['open', 'needs-human', 'recovered', 'closed'] as const;
export type HistoryState = (typeof historyStates)[number];

export function routeOf({ pathname, search }: { readonly pathname: string; readonly search: string }): Route {
  const [first = '', second, ...more] = pathname.split('/').slice(1).map(decoded);
  if (more.length > 0) return { view: 'unknown' };
  if (first === '' && second === undefined) return { view: 'overview' };
  if (first === 'targets' && second !== undefined && second !== '') return { view: 'target', name: second };
  if (first === 'incidents') return second === undefined || second === '' ? { view: 'incidents', filter: filterOf(new URLSearchParams(search)) } : { view: 'incident', id: second };
  if (first === 'plans') return { view: 'plans', id: second === '' ? undefined : second };
  return { view: 'unknown' };
}

export function pathOf(route: Exclude<Route, { view: 'unknown' }>): string {
  switch (route.view) {
    case 'overview':
      return '/';
    case 'target':
      return `/targets/${encodeURIComponent(route.name)}`;
    case 'incident':
      return `/incidents/${encodeURIComponent(route.id)}`;
    case 'plans':
      return route.id === undefined ? '/plans' : `/plans/${encodeURIComponent(route.id)}`;
    case 'incidents': {
      const { target, state, days } = route.filter;
      const words = Object.entries({ target, state, days: days?.toString() }).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return words.length === 0 ? '/incidents' : `/incidents?${new URLSearchParams(words).toString()}`;
    }
    default:
      return route satisfies never;
  }
}

function filterOf(words: URLSearchParams): HistoryFilter {
  const days = Number(words.get('days'));
  return {
    target: words.get('target') ?? undefined,
    state: historyStates.find((state) => state === words.get('state')),
    days: Number.isInteger(days) && days > 0 ? days : undefined,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that stands for itself.
    return part;
  }
}
