import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/time/clock.js';
import { StepRunner } from '../../support/step-runner.js';

// GitHub's REST API as its reference has it, version 2022-11-28, for what Belay asks of it.
const API = 'https://github.test/api/v3';
const TOKEN = 'ghp_the_secret_token';

interface Run { id: number; html_url: string; display_title: string; name: string; status: string; conclusion: string | null }
interface Seen { readonly method: string; readonly path: string; readonly headers: Headers; readonly body: unknown }

let runs: Run[];
let deployments: { id: number; ref: string; state: string }[];
let seen: Seen[];
/** Answers that come before the real ones, to the first request that they are for. */
let faults: ((request: Seen) => Response | undefined)[];
let knowsDetails: boolean;
/** What a run ends with once it has been asked for twice. */
let conclusion: string;
let polls: number;

const server = setupServer(http.all(`${API}/*`, async ({ request }) => {
  const url = new URL(request.url);
  const body: unknown = request.method === 'POST' ? JSON.parse((await request.text()) || 'null') : undefined;
  const path = url.pathname.replace('/api/v3', '');
  const one: Seen = { method: request.method, path, headers: request.headers, body };
  seen.push(one);
  for (const [index, fault] of faults.entries()) {
    const answer = fault(one);
    if (answer !== undefined) {
      faults.splice(index, 1);
      return answer;
    }
  }
  if (request.headers.get('authorization') !== `Bearer ${TOKEN}`) return HttpResponse.json({ message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' }, { status: 401 });
  const page = Number(url.searchParams.get('page') ?? 1);
  const perPage = Number(url.searchParams.get('per_page') ?? 30);
  const paged = <T>(items: readonly T[]): T[] => items.slice((page - 1) * perPage, page * perPage);
  const runId = Number(/\/actions\/runs\/(\d+)/.exec(path)?.[1]);
  switch (true) {
    case path === '/repos/acme/shop/actions/workflows/deploy.yml/dispatches': {
      const { ref, inputs, return_run_details: details } = body as { ref: string; inputs: Record<string, string>; return_run_details?: boolean };
      if (details === true && !knowsDetails) return HttpResponse.json({ message: 'Invalid request.\n\n"return_run_details" is not a permitted key.' }, { status: 422 });
      const id = dispatched(`deploy ${inputs['version'] ?? ''} ${inputs['belay_id'] ?? ''}`, ref);
      return details === true ? HttpResponse.json({ workflow_run_id: id, run_url: '…', html_url: '…' }) : new HttpResponse(null, { status: 204 });
    }
    case path === '/repos/acme/shop/actions/workflows/deploy.yml/runs':
      return HttpResponse.json({ total_count: runs.length, workflow_runs: paged(runs) });
    case path.endsWith('/cancel'): {
      const run = runs.find(({ id }) => id === runId)!;
      if (run.status === 'completed') return HttpResponse.json({ message: 'Cannot cancel a workflow run that is completed.' }, { status: 409 });
      Object.assign(run, { status: 'completed', conclusion: 'cancelled' });
      return HttpResponse.json({}, { status: 202 });
    }
    case Number.isFinite(runId): {
      const run = runs.find(({ id }) => id === runId)!;
      polls += 1;
      if (run.status !== 'completed' && polls >= 3 && conclusion !== 'never') finish(run);
      return HttpResponse.json(run);
    }
    case path === '/repos/acme/shop/deployments':
      expect(url.searchParams.get('environment')).toBe('staging');
      return HttpResponse.json(paged(deployments.map(({ id, ref }) => ({ id, ref, sha: 'abc', task: 'deploy' }))));
    case path.endsWith('/statuses'): {
      const deployment = deployments.find(({ id }) => path.includes(`/${id}/`))!;
      return HttpResponse.json([{ id: 1, state: deployment.state }]);
    }
    default:
      return HttpResponse.json({ message: 'Not Found', documentation_url: 'https://docs.github.com/rest' }, { status: 404 });
  }
}));

const refs = new Map<number, string>();
function dispatched(title: string, ref = 'main'): number {
  const id = 1_000 + runs.length;
  runs.unshift({ id, html_url: `https://github.test/acme/shop/actions/runs/${id}`, display_title: title, name: 'Deploy', status: 'queued', conclusion: null });
  refs.set(id, ref);
  return id;
}
function finish(run: Run): void {
  Object.assign(run, { status: 'completed', conclusion });
  deployments.unshift({ id: run.id, ref: refs.get(run.id)!, state: conclusion === 'success' ? 'success' : 'failure' });
}

/** Sleeping takes no time, and is noted. */
let slept: number[];
let onSleep: () => void;
const hasty: Clock = {
  now: () => slept.reduce((sum, ms) => sum + ms, 0),
  elapsedMs: () => hasty.now(),
  async sleepUntil(at, signal) {
    slept.push(at - hasty.now());
    onSleep();
    signal?.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  },
};

const binding = { type: 'github-actions', apiUrl: API, token: TOKEN, owner: 'acme', repo: 'shop', workflow: 'deploy.yml', ref: '${version}', inputs: { version: '${version}', to: '${environment}' }, environment: '${environment}' };
const runner = (more: Record<string, unknown> = {}): StepRunner => new StepRunner({ clock: hasty, bindings: { deployments: { shop: { ...binding, ...more } } } });
const wanted = (version: string): Record<string, unknown> => ({ service: 'shop', version, environment: 'staging' });
const dispatches = (): Seen[] => seen.filter(({ path }) => path.endsWith('/dispatches'));
const fail = (path: string, status: number, body: Record<string, unknown>, headers: Record<string, string> = {}) => (request: Seen): Response | undefined =>
  request.path.endsWith(path) ? HttpResponse.json(body, { status, headers }) : undefined;

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
beforeEach(() => {
  [runs, seen, faults, slept, polls, knowsDetails, conclusion] = [[], [], [], [], 0, true, 'success'];
  deployments = [{ id: 2, ref: 'v3', state: 'failure' }, { id: 1, ref: 'v2', state: 'success' }];
  onSleep = () => undefined;
});
afterEach(() => expect(faults).toEqual([]));

describe('a deployment by GitHub Actions', () => {
  it('dispatches the workflow, follows its run, and reads the environment back', async () => {
    expect((await runner().describe('deployment', wanted('v1'))).summary).toBe('deployment of shop in staging: v2 → v1');
    const captured = await runner().capture('deployment', wanted('v1'));
    await runner().execute('deployment', wanted('v1'));
    expect(dispatches()[0]).toMatchObject({ body: { ref: 'v1', inputs: { version: 'v1', to: 'staging' } } });
    expect(Object.fromEntries(dispatches()[0]!.headers)).toMatchObject({ 'x-github-api-version': '2022-11-28', accept: 'application/vnd.github+json' });
    expect(slept).toEqual([5_000, 5_000]);
    await runner().execute('deployment', wanted('v1'));
    expect(dispatches()).toHaveLength(1);
    polls = 0;
    await runner().undo('deployment', wanted('v1'), captured);
    expect(deployments[0]).toMatchObject({ ref: 'v2', state: 'success' });
  });

  it.each(['belay_id', undefined])('finds its run where GitHub does not tell it (%s), among those of others and over pages', async (idInput) => {
    knowsDetails = false;
    for (let older = 0; older < 250; older += 1) runs.unshift({ id: older + 1, html_url: '', display_title: 'old', name: 'Deploy', status: 'completed', conclusion: 'success' });
    if (idInput !== undefined) {
      // Somebody else dispatches at the same moment, before and after.
      faults.push((request) => (request.path.endsWith('/dispatches') && JSON.stringify(request.body).includes('return_run') ? (dispatched('deploy v9'), HttpResponse.json({ message: '"return_run_details" is not a permitted key.' }, { status: 422 })) : undefined));
    }
    await runner({ ...(idInput === undefined ? {} : { idInput }) }).execute('deployment', wanted('v1'));
    expect(deployments[0]).toMatchObject({ ref: 'v1', state: 'success' });
    expect(runs.find(({ display_title }) => display_title === 'deploy v9')?.status ?? 'queued').toBe('queued');
  });

  it('does not guess between several runs, and waits in vain for none', async () => {
    knowsDetails = false;
    faults.push((request) => (request.path.endsWith('/dispatches') ? (dispatched('deploy v9'), HttpResponse.json({ message: '"return_run_details" is not a permitted key.' }, { status: 422 })) : undefined));
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'conflict', message: expect.stringMatching(/2 runs of deploy\.yml were dispatched at the same time \(https:.*declare idInput$/) as string });
    runs = [];
    await expect(runner({ idInput: 'not_shown' }).execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'provider-refused', message: 'GitHub: no run of deploy.yml has appeared within 60 s; does its run-name show the input not_shown?' });
  });

  it('follows what an attempt before a crash has dispatched, instead of dispatching again', async () => {
    conclusion = 'never';
    const abandoned = runner({ idInput: 'belay_id' }).execute('deployment', wanted('v1'), AbortSignal.timeout(30_000), 'the-first');
    await expect.poll(() => polls).toBeGreaterThan(1);
    conclusion = 'success';
    await runner({ idInput: 'belay_id' }).execute('deployment', wanted('v1'), AbortSignal.timeout(30_000), 'the-second');
    await abandoned;
    expect(dispatches()).toHaveLength(1);
  });

  it.each(['failure', 'cancelled', 'timed_out', 'startup_failure', 'action_required', 'skipped'])('fails with the address of a run that ends with %s', async (end) => {
    conclusion = end;
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'state-not-as-wanted', message: `GitHub: deploy.yml has ended with ${end}: https://github.test/acme/shop/actions/runs/1000` });
  });

  it('cancels the run when the time is over, unless it has ended by itself', async () => {
    conclusion = 'never';
    const abort = new AbortController();
    onSleep = () => (slept.length === 3 ? abort.abort(new Error('too slow')) : undefined);
    await expect(runner().execute('deployment', wanted('v1'), abort.signal)).rejects.toMatchObject({ message: 'too slow' });
    expect(runs[0]).toMatchObject({ status: 'completed', conclusion: 'cancelled' });

    [slept, runs] = [[], []];
    const late = new AbortController();
    onSleep = () => {
      if (slept.length !== 2) return;
      Object.assign(runs[0]!, { status: 'completed', conclusion: 'success' });
      late.abort(new Error('too slow'));
    };
    await expect(runner().execute('deployment', wanted('v1'), late.signal)).rejects.toMatchObject({ message: 'too slow' });

    // The run is not known yet: it is looked for once more.
    [slept, runs, knowsDetails] = [[], [], false];
    const early = new AbortController();
    faults.push(fail('/runs', 200, { total_count: 0, workflow_runs: [] }), fail('/runs', 200, { total_count: 0, workflow_runs: [] }));
    onSleep = () => early.abort(new Error('too slow'));
    await expect(runner({ idInput: 'belay_id' }).execute('deployment', wanted('v1'), early.signal)).rejects.toMatchObject({ message: 'too slow' });
    expect(runs[0]).toMatchObject({ status: 'completed', conclusion: 'cancelled' });

    [slept, runs, knowsDetails] = [[], [], true];
    const stuck = new AbortController();
    onSleep = () => (slept.length === 2 ? stuck.abort(new Error('too slow')) : undefined);
    faults.push(fail('/cancel', 403, { message: 'Must have write access to Actions.' }));
    await expect(runner().execute('deployment', wanted('v1'), stuck.signal)).rejects.toMatchObject({ code: 'state-not-as-wanted', message: 'GitHub: run 1000 could not be cancelled, and may go on' });
  });
});

describe('what GitHub refuses', () => {
  it.each<[string, number, Record<string, unknown>, string, RegExp, Record<string, string>?]>([
    ['a token that is not accepted', 401, { message: 'Bad credentials' }, 'provider-refused', /answered 401: Bad credentials: the token is not accepted/],
    ['a token that may not', 403, { message: 'Resource not accessible by personal access token' }, 'provider-refused', /answered 403: Resource not accessible/],
    ['an unknown workflow', 404, { message: 'Not Found' }, 'provider-refused', /POST https:\/\/github\.test\/api\/v3\/repos\/acme\/shop\/actions\/workflows\/deploy\.yml\/dispatches answered 404/],
    ['a conflict', 409, { message: 'Conflict' }, 'conflict', /answered 409/],
    ['an unknown ref', 422, { message: `No ref found for: v1 (${TOKEN})` }, 'provider-refused', /answered 422: No ref found for: v1 \(\[redacted\]\)/],
    ['a server fault while dispatching', 502, { message: 'Server Error' }, 'provider-refused', /answered 502/],
    ['a rate limit that lasts too long', 403, { message: 'API rate limit exceeded' }, 'provider-refused', /its rate limit asks for a pause of 3600 s/, { 'retry-after': '3600' }],
  ])('is told: %s', async (_what, status, body, code, message, headers = {}) => {
    faults.push(fail('/dispatches', status, body, headers));
    const outcome: unknown = await runner().execute('deployment', wanted('v1')).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(JSON.stringify([String(outcome), outcome])).not.toContain(TOKEN);
    expect(runs).toEqual([]);
  });

  it('for now is waited for: rate limits as they say, and faults while reading', async () => {
    faults.push(
      fail('/dispatches', 429, { message: 'Too many requests' }, { 'retry-after': '7' }),
      fail('/dispatches', 403, { message: 'You have exceeded a secondary rate limit.' }),
      fail('/runs/1000', 403, { message: 'API rate limit exceeded' }, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.parse('2026-05-01T10:00:30Z') / 1_000), date: 'Fri, 01 May 2026 10:00:00 GMT' }),
      fail('/runs/1000', 502, { message: 'Server Error' }),
    );
    await runner().execute('deployment', wanted('v1'));
    expect(slept).toEqual([7_000, 60_000, 30_000, 1_000, 5_000, 5_000]);
    expect(runs).toHaveLength(1);
  });

  it('or does not answer as it should, or not at all', async () => {
    faults.push((request) => (request.path.endsWith('/runs') ? new HttpResponse('<html>', { status: 200 }) : undefined));
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('did not answer as its API version 2022-11-28 does') as string });
    faults.push((request) => (request.path.endsWith('/dispatches') ? HttpResponse.error() : undefined));
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'provider-unreachable' });
    expect((await runner({ token: 'wrong' }).describe('deployment', wanted('v1'))).summary).toContain('the token is not accepted');
  });

  it.each(['; rm -rf /', '$(id)', '--flag', '../../x', 'a\nb', 'ü/..'])('stays one input, whatever it holds: %j', async (version) => {
    await runner().execute('deployment', wanted(version));
    expect(dispatches().map(({ path, body }) => ({ path, body }))).toMatchObject([{ path: '/repos/acme/shop/actions/workflows/deploy.yml/dispatches', body: { inputs: { version } } }]);
  });
});
