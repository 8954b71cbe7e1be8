import { http, HttpResponse, type HttpResponseResolver } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StepRunner } from '../../support/step-runner.js';

// The shapes of REST API version 20240415 (get and update feature flag, semantic patch) and of the data that polling
// server-side SDKs fetch.
const BASE = 'https://app.launchdarkly.com';
const ON = 'f2c1-on';
const OFF = 'f2c1-off';

interface Rule {
  _id: string;
  ref: string;
  clauses: Record<string, unknown>[];
  variation?: number;
  rollout?: unknown;
}
let flag: { on: boolean; version: number; offVariation: number; rules: Rule[]; archived: boolean };
let toldVersion: number | undefined;
let patches: { headers: Headers; body: { environmentKey: string; instructions: Record<string, unknown>[] } }[];

const answered = (): Record<string, unknown> => ({
  key: 'new-checkout',
  kind: 'boolean',
  _version: 7,
  variations: [{ _id: ON, value: true }, { _id: OFF, value: false }],
  environments: { production: { ...flag, fallthrough: { variation: 0 }, targets: [], salt: 's', sel: 's', _environmentName: 'Production' } },
});
const problem = (status: number, code: string, message: string): Response => HttpResponse.json({ code, message, id: '30ce6058' }, { status });

/** Carries out semantic patches as they are documented. */
function carryOut(instruction: Record<string, unknown>): void {
  const { kind } = instruction;
  const variation = [ON, OFF].indexOf(String(instruction['variationId']));
  const rule = flag.rules.find(({ _id }) => _id === instruction['ruleId']);
  if (kind === 'turnFlagOn' || kind === 'turnFlagOff') flag.on = kind === 'turnFlagOn';
  else if (kind === 'removeRule') flag.rules = flag.rules.filter(({ _id }) => _id !== instruction['ruleId']);
  else if (kind === 'updateRuleVariationOrRollout') rule!.variation = variation;
  else if (kind === 'addRule') {
    const at = flag.rules.findIndex(({ _id }) => _id === instruction['beforeRuleId']);
    flag.rules.splice(at < 0 ? flag.rules.length : at, 0, { _id: `rule-${String(flag.rules.length)}-new`, ref: 'r', clauses: instruction['clauses'] as Record<string, unknown>[], variation });
  } else throw new Error(`unknown instruction ${String(kind)}`);
}

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
beforeEach(() => {
  flag = { on: true, version: 3, offVariation: 1, rules: [], archived: false };
  toldVersion = undefined;
  patches = [];
  server.use(
    http.get(`${BASE}/api/v2/flags/:project/:flag`, ({ request, params }) => {
      if (request.headers.get('authorization') !== 'api-t0ken') return problem(401, 'unauthorized', 'Invalid access token api-wrong');
      if (params['project'] !== 'shop' || params['flag'] !== 'new-checkout') return problem(404, 'not_found', 'Unknown flag key');
      return HttpResponse.json(new URL(request.url).searchParams.get('env') === 'production' ? answered() : { ...answered(), environments: {} });
    }),
    http.patch(`${BASE}/api/v2/flags/:project/:flag`, async ({ request }) => {
      const body = (await request.json()) as (typeof patches)[number]['body'];
      patches.push({ headers: request.headers, body });
      for (const instruction of body.instructions) carryOut(instruction);
      flag.version += 1;
      return HttpResponse.json(answered());
    }),
    http.get('https://sdk.launchdarkly.com/sdk/latest-all', ({ request }) => {
      if (request.headers.get('authorization') !== 'sdk-k3y') return new HttpResponse(null, { status: 401 });
      return HttpResponse.json({ flags: { 'new-checkout': { key: 'new-checkout', version: toldVersion ?? flag.version, on: flag.on } }, segments: {} });
    }),
  );
});
afterEach(() => server.resetHandlers());

const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({ bindings: { featureFlags: { default: { type: 'launchdarkly', project: 'shop', environment: 'production', token: 'api-t0ken', sdkKey: 'sdk-k3y', ...binding } } } });
const off = { flagKey: 'new-checkout', targetState: false };
const betaOff = { ...off, scope: 'segment', segment: 'beta' };
const forPaid: Rule = { _id: 'rule-paid', ref: 'r', clauses: [{ _id: 'c', contextKind: 'user', attribute: 'plan', op: 'in', negate: false, values: ['paid'] }], variation: 0 };
const forBeta: Rule = { _id: 'rule-beta', ref: 'r', clauses: [{ _id: 'c', contextKind: '', attribute: 'segmentMatch', op: 'segmentMatch', negate: false, values: ['beta'] }], variation: 0 };

describe('for everybody', () => {
  it('a flag is turned off by a semantic patch, read back, and turned on by undo', async () => {
    expect((await runner().describe('feature-flag', off)).summary).toBe('flag new-checkout in LaunchDarkly shop (production): on → off');
    const captured = await runner().capture('feature-flag', off);
    await runner().execute('feature-flag', off);
    expect(flag.on).toBe(false);
    expect(patches[0]!.headers.get('content-type')).toBe('application/json; domain-model=launchdarkly.semanticpatch');
    expect(patches[0]!.headers.get('ld-api-version')).toBe('20240415');
    expect(patches[0]!.body).toMatchObject({ environmentKey: 'production', instructions: [{ kind: 'turnFlagOff' }] });
    expect(await runner().state('feature-flag', off)).toBe('applied');
    await runner().execute('feature-flag', off);
    expect(patches).toHaveLength(1);
    await runner().undo('feature-flag', off, captured);
    expect(patches[1]!.body.instructions).toEqual([{ kind: 'turnFlagOn' }]);
  });

  it('a step is not done before SDKs are told', async () => {
    toldVersion = 3;
    await expect(runner().execute('feature-flag', off, AbortSignal.timeout(3_000))).rejects.toMatchObject({ code: 'state-not-as-wanted', message: expect.stringContaining('SDKs are still told of an earlier version') as string });
    expect(flag.on).toBe(false);
    toldVersion = undefined;
    await runner().execute('feature-flag', off);
  });

  it('a flag that is true while it is off, and one that is archived, are refused', async () => {
    flag.offVariation = 0;
    await expect(runner().execute('feature-flag', off)).rejects.toThrow('is true while it is off');
    flag = { ...flag, offVariation: 1, archived: true };
    await expect(runner().execute('feature-flag', off)).rejects.toThrow('is archived');
    expect(patches).toEqual([]);
  });
});

describe('for a segment', () => {
  it.each([
    ['no rules', [], [{ kind: 'removeRule', ruleId: 'rule-0-new' }]],
    ['rules for others', [forPaid], [{ kind: 'removeRule', ruleId: 'rule-1-new' }]],
    ['a first rule for it', [forBeta, forPaid], [{ kind: 'updateRuleVariationOrRollout', ruleId: 'rule-beta', variationId: ON }]],
  ])('a first rule serves the variation, and undo takes it back: %s', async (_what, rules, undone) => {
    flag.rules = structuredClone(rules);
    const captured = await runner().capture('feature-flag', betaOff);
    await runner().execute('feature-flag', betaOff);
    expect(flag.rules[0]).toMatchObject({ clauses: [{ op: 'segmentMatch', values: ['beta'], negate: false }], variation: 1 });
    expect(flag.on).toBe(true);
    expect(await runner().state('feature-flag', betaOff)).toBe('applied');
    await runner().undo('feature-flag', betaOff, captured);
    expect(flag.rules).toEqual(rules);
    expect(patches.at(-1)!.body.instructions).toEqual(undone);
  });

  it('undo refuses where somebody has put another rule before it', async () => {
    const captured = await runner().capture('feature-flag', betaOff);
    await runner().execute('feature-flag', betaOff);
    flag.rules.unshift(forPaid);
    await expect(runner().undo('feature-flag', betaOff, { ...(captured as object), on: false })).rejects.toMatchObject({ code: 'state-drifted' });
  });

  it('a flag that is off is off for it as well, and cannot be on for it alone', async () => {
    flag.on = false;
    expect(await runner().state('feature-flag', betaOff)).toBe('applied');
    await expect(runner().execute('feature-flag', { ...betaOff, targetState: true })).rejects.toThrow('is off for everybody');
    expect(patches).toEqual([]);
  });
});

describe('errors', () => {
  const refusing = (resolver: HttpResponseResolver): void => server.use(http.patch(`${BASE}/api/v2/flags/:project/:flag`, resolver));

  it('401: the token is not accepted, and is not shown', async () => {
    const failure: unknown = await runner({ token: 'api-wrong' }).execute('feature-flag', off).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/^LaunchDarkly: GET .* answered 401, the token is not accepted: Invalid access token \[redacted\]/) as string });
  });

  it('401 for the SDK key fails at once, although the flag is off', async () => {
    await expect(runner({ sdkKey: 'sdk-wrong' }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'state-not-as-wanted', message: expect.stringContaining('LaunchDarkly for SDKs') as string });
  });

  it.each(['unknown', '; rm -rf /', '$(reboot)', '--flag', '../../../members', 'two\nlines'])('404: there is no flag %j', async (flagKey) => {
    await expect(runner().execute('feature-flag', { flagKey, targetState: false })).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('answered 404: Unknown flag key') as string });
  });

  it('an environment that the flag has not', async () => {
    await expect(runner({ environment: 'staging' }).execute('feature-flag', off)).rejects.toThrow('flag new-checkout has no environment staging');
  });

  it('409: somebody else changes the flag at the same time', async () => {
    refusing(() => problem(409, 'optimistic_locking_error', 'Conflict. Optimistic lock error. Try again.'));
    await expect(runner().execute('feature-flag', off)).rejects.toMatchObject({ code: 'conflict', context: { status: 409 } });
  });

  it('429: it waits for as long as it is told, then asks again', async () => {
    let asked = 0;
    refusing(() => {
      asked += 1;
      return asked === 1 ? HttpResponse.json({ code: 'rate_limited', message: 'Too many requests' }, { status: 429, headers: { 'retry-after': '0.2' } }) : (flag = { ...flag, on: false }, HttpResponse.json(answered()));
    });
    const started = performance.now();
    await runner().execute('feature-flag', off);
    expect(asked).toBe(2);
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  it('429 for longer than the step has time: the step ends when its time is over', async () => {
    refusing(() => new HttpResponse(null, { status: 429, headers: { 'retry-after': '60' } }));
    await expect(runner().execute('feature-flag', off, AbortSignal.timeout(300))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('503 is an error, to be tried again as the plan says', async () => {
    refusing(() => problem(503, 'service_unavailable', 'Try later'));
    await expect(runner().execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-refused', context: { status: 503 } });
    expect(flag.on).toBe(true);
  });

  it('no answer at all', async () => {
    refusing(() => HttpResponse.error());
    await expect(runner().execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-unreachable' });
  });
});
