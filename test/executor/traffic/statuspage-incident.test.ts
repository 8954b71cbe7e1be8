import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StepRunner } from '../../support/step-runner.js';

// The shapes of the REST API v1 of Statuspage: incidents of a page, unresolved ones in pages of at most 100, `OAuth` as
// the scheme of the token, errors as { error }, and 429 (before 2021: 420) with Retry-After.
const PAGE = 'https://api.statuspage.io/v1/pages/kctbh9vrtdwd';
const TOKEN = 'sp-t0ken-of-the-page';

interface Incident {
  readonly id: string;
  readonly name: string;
  status: string;
  body?: string;
  components?: Record<string, string>;
}
let incidents: Incident[];
let seen: string[];
let faults: Response[];

const refused = (status: number, error: unknown, headers: Record<string, string> = {}): Response => HttpResponse.json({ error }, { status, headers });

const server = setupServer(
  http.all(`${PAGE}/*`, async ({ request }) => {
    const url = new URL(request.url);
    seen.push(`${request.method} ${url.pathname.replace(/^.*kctbh9vrtdwd\//, '')}${url.search}`);
    const fault = faults.shift();
    if (fault !== undefined) return fault;
    if (request.headers.get('authorization') !== `OAuth ${TOKEN}`) return refused(401, 'Could not authenticate');
    const open = incidents.filter(({ status }) => !['resolved', 'completed', 'postmortem'].includes(status));
    if (request.method === 'GET') {
      if (!url.pathname.endsWith('/incidents/unresolved')) return refused(404, 'Not found');
      const [page, size] = [Number(url.searchParams.get('page')), Math.min(Number(url.searchParams.get('per_page')), 100)];
      return HttpResponse.json(open.slice((page - 1) * size, page * size).map((incident) => ({ ...incident, page_id: 'kctbh9vrtdwd', incident_updates: [], shortlink: 'http://stspg.io/1' })));
    }
    const { incident } = (await request.json()) as { incident: Omit<Incident, 'id'> & { component_ids?: string[] } };
    if (incident.components !== undefined && Object.keys(incident.components).join() !== incident.component_ids?.join()) return refused(422, ['Components must be listed in component_ids']);
    if (request.method === 'POST') {
      const made = { ...incident, id: `inc${incidents.length}` };
      incidents.push(made);
      return HttpResponse.json(made, { status: 201 });
    }
    const found = incidents.find(({ id }) => url.pathname.endsWith(`/incidents/${id}`));
    return found === undefined ? refused(404, 'Not found') : HttpResponse.json(Object.assign(found, incident));
  }),
);
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
beforeEach(() => {
  [incidents, seen, faults] = [[], [], []];
});
afterEach(() => expect(faults).toEqual([]));

const runner = (over: object = {}): StepRunner => new StepRunner({ bindings: { traffic: { page: { type: 'statuspage', page: 'kctbh9vrtdwd', token: TOKEN, ...over } } } });
const step = (status: string, over: object = {}): Record<string, unknown> => ({ service: 'page', incident: { name: 'Orders fail', status, message: 'We are on it.', ...over } });

describe('an incident of Statuspage', () => {
  it('is created once, moved from status to status, and resolved', async () => {
    expect(await runner().describe('traffic', step('investigating'))).toMatchObject({ summary: 'incident "Orders fail" on the status page: no open incident → investigating' });
    await runner().execute('traffic', step('investigating', { components: { b13y: 'major_outage' } }));
    await runner().execute('traffic', step('investigating'));
    await runner().execute('traffic', step('monitoring'));
    expect(incidents).toEqual([expect.objectContaining({ name: 'Orders fail', status: 'monitoring', body: 'We are on it.', components: { b13y: 'major_outage' } })]);
    await runner().execute('traffic', step('resolved'));
    expect(incidents).toEqual([expect.objectContaining({ status: 'resolved' })]);
    expect(seen.filter((request) => !request.startsWith('GET'))).toEqual(['POST incidents', 'PATCH incidents/inc0', 'PATCH incidents/inc0']);
  });

  it('is found behind a hundred others', async () => {
    incidents = Array.from({ length: 130 }, (_, index) => ({ id: `x${index}`, name: `Other ${index}`, status: 'identified' }));
    incidents.push({ id: 'it', name: 'Orders fail', status: 'identified' });
    expect(await runner().state('traffic', step('identified'))).toBe('applied');
    expect(seen).toEqual(['GET incidents/unresolved?page=1&per_page=100', 'GET incidents/unresolved?page=2&per_page=100']);
  });

  it('goes back to the status that it had; one that there was not is resolved', async () => {
    incidents = [{ id: 'old', name: 'Orders fail', status: 'identified' }];
    const captured = await runner().capture('traffic', step('monitoring'));
    await runner().execute('traffic', step('monitoring'));
    await runner().undo('traffic', step('monitoring'), captured);
    expect(incidents).toEqual([expect.objectContaining({ id: 'old', status: 'identified' })]);

    incidents = [];
    const none = await runner().capture('traffic', step('identified'));
    await runner().execute('traffic', step('identified'));
    await runner().undo('traffic', step('identified'), none);
    expect(incidents).toEqual([expect.objectContaining({ status: 'resolved' })]);
  });

  it('is refused in words where the token is wrong, and the token is in none of them', async () => {
    const error: unknown = await runner({ token: 'sp-wr0ng' }).execute('traffic', step('identified')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/Statuspage: GET \S+ answered 401, the token is not accepted: Could not authenticate/) as string });
    expect(String(error)).not.toContain('sp-wr0ng');
    expect(incidents).toEqual([]);
  });

  it.each([
    [404, 'Not found', /answered 404: Not found/],
    [422, ['Name is too long'], /answered 422: .*Name is too long/],
    [503, 'Service unavailable', /answered 503: Service unavailable/],
  ])('tells of %d, and creates nothing', async (status, words, message) => {
    // One for the first look, which need not succeed, and one for the change.
    faults = [refused(status, words), refused(status, words)];
    await expect(runner().execute('traffic', step('identified'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(message) as string });
    expect(incidents).toEqual([]);
  });

  it.each([429, 420])('waits for as long as %d says', async (status) => {
    faults = [refused(status, 'Too many requests', { 'retry-after': '0' }), refused(status, 'Too many requests', { 'retry-after': '0' })];
    await runner().execute('traffic', step('identified'));
    expect(incidents).toEqual([expect.objectContaining({ status: 'identified' })]);
  });

  it('stops waiting when its time is over', async () => {
    faults = [refused(429, 'Too many requests', { 'retry-after': '60' })];
    await expect(runner().execute('traffic', step('identified'), AbortSignal.timeout(200))).rejects.toThrow();
    expect(incidents).toEqual([]);
  });

  it('does not take another answer for a list of incidents', async () => {
    faults = [HttpResponse.html('<h1>Sign in</h1>'), HttpResponse.html('<h1>Sign in</h1>')];
    await expect(runner().execute('traffic', step('identified'))).rejects.toMatchObject({ message: 'Statuspage did not answer with a list of incidents' });
  });
});
