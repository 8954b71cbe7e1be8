import { startJsonService, type JsonService } from './json-service.js';

interface PublicIncident {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly body: string;
}

export interface StatusPage extends Pick<JsonService, 'url' | 'close'> {
  /** Each state in which each incident was published, oldest first. */
  readonly published: PublicIncident[];
}

/** Answers as the API v1 of Statuspage does about the incidents of one page. */
export async function startStatusPage(page: string, token: string): Promise<StatusPage> {
  const published: PublicIncident[] = [];
  const open = new Map<string, PublicIncident>();
  const service = await startJsonService(({ method, url, headers, body }) => {
    if (headers.authorization !== `OAuth ${token}`) return { status: 401, body: { error: 'Could not authenticate' } };
    const [, id] = new RegExp(`^/pages/${page}/incidents(?:/([a-z0-9]+))?(?:\\?|$)`).exec(url) ?? [undefined, undefined];
    if (method === 'GET' && id === 'unresolved') return { status: 200, body: [...open.values()].filter(({ status }) => status !== 'resolved') };
    const { incident } = JSON.parse(body) as { incident: Omit<PublicIncident, 'id'> };
    const known = id === undefined ? { id: `i${open.size + 1}` } : open.get(id);
    if (known === undefined || !url.startsWith(`/pages/${page}/incidents`)) return { status: 404, body: { error: 'Record not found' } };
    const state = { ...known, ...incident };
    open.set(state.id, state);
    published.push(state);
    return { status: method === 'POST' ? 201 : 200, body: state };
  });
  return { url: service.url, close: () => service.close(), published };
}
