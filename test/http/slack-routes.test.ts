import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { FakeClock } from '../support/fake-clock.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';
import { blockActions, formOf, signed, type SignedRequest } from '../support/slack-press.js';
import { corpus, expectAlways, fuzzTimeout, withOneReplaced } from '../support/fuzz.js';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const minute = 60_000;

let app: FastifyInstance;
let guard: RecordingGuardApi;
let clock: FakeClock;
let whispered: (readonly [to: unknown, text: string])[];

beforeEach(() => {
  guard = new RecordingGuardApi();
  clock = new FakeClock();
  whispered = [];
  app = createHttpServer({
    guard,
    live: new RecordingLiveApi(),
    reports: emptyReports,
    settings: { host: '127.0.0.1', port: 0, tokens: [] },
    operatorToken: 'the-daemons-own',
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    redactor: new Redactor(),
    slack: { signingSecret: () => SECRET, clock, whisper: async (to, text) => void whispered.push([to, text]) },
  });
});

afterEach(async () => {
  await app.close();
});

async function send({ headers, body }: SignedRequest): Promise<{ readonly status: number; readonly answer: unknown }> {
  const answer = await app.inject({ method: 'POST', url: '/api/v1/slack/interactions', headers: { ...headers }, payload: body });
  return { status: answer.statusCode, answer: answer.json() };
}

const press = (changes: Parameters<typeof blockActions>[0] = {}, secret = SECRET, at = clock.now()): SignedRequest => signed(formOf(blockActions(changes)), secret, at);
const answers = (): readonly unknown[] => guard.calls.filter(([action]) => action === 'answerApproval');

describe('a press of a button', () => {
  it('answers the question as the user of Slack, without any token, and tells nobody anything besides', async () => {
    expect(await send(press())).toEqual({ status: 200, answer: {} });
    expect(await send(press({ action: 'belay.reject' }))).toEqual({ status: 200, answer: {} });
    expect(answers()).toEqual([
      ['answerApproval', 'a1', { decision: 'approve', way: 'slack' }, { slackUser: 'U1' }],
      ['answerApproval', 'a1', { decision: 'reject', way: 'slack' }, { slackUser: 'U1' }],
    ]);
    expect(whispered).toEqual([]);
  });

  it('of somebody who is not known counts for nothing, and only they are told', async () => {
    const { status, answer } = await send(press({ user: 'U666', responseUrl: 'https://hooks.slack.com/actions/1' }));
    expect([status, answer]).toEqual([200, { response_type: 'ephemeral', replace_original: false, text: expect.stringContaining('U666') as string }]);
    expect(answers()).toEqual([]);
    expect(whispered).toEqual([[expect.objectContaining({ userId: 'U666', channelId: 'C0123', responseUrl: 'https://hooks.slack.com/actions/1' }), expect.stringContaining('does not count')]]);
  });

  it('that comes too late is told so, as is one about nothing', async () => {
    expect((await send(press({ value: 'gone' }))).answer).toMatchObject({ response_type: 'ephemeral', text: expect.stringContaining('There is no gone') as string });
  });

  it('is not taken for done when it could not be written down', async () => {
    guard.answerApproval = () => Promise.reject(new BelayError('store-unavailable', 'the disk is full'));
    expect((await send(press())).status).toBe(503);
  });
});

describe('what is not taken for Slack', () => {
  const body = formOf(blockActions());
  const good = (): SignedRequest => signed(body, SECRET, clock.now());
  it.each<readonly [what: string, request: () => SignedRequest]>([
    ['another secret', () => press({}, 'another-secret')],
    ['another body than was signed', () => ({ ...good(), body: body.replace('a1', 'a2') })],
    ['one byte more', () => ({ ...good(), body: `${body}&` })],
    ['a time of six minutes ago', () => press({}, SECRET, clock.now() - 6 * minute)],
    ['a time in six minutes', () => press({}, SECRET, clock.now() + 6 * minute)],
    ['another time than was signed', () => ({ body, headers: { ...good().headers, 'x-slack-request-timestamp': String(Math.floor(clock.now() / 1_000) + 1) } })],
    ['a time that is none', () => ({ body, headers: { ...good().headers, 'x-slack-request-timestamp': 'now' } })],
    ['no signature', () => ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-request-timestamp': String(Math.floor(clock.now() / 1_000)) } })],
    ['another version of signatures', () => ({ body, headers: { ...good().headers, 'x-slack-signature': (good().headers['x-slack-signature'] ?? '').replace('v0', 'v1') } })],
    ['a signature cut short', () => ({ body, headers: { ...good().headers, 'x-slack-signature': (good().headers['x-slack-signature'] ?? '').slice(0, -2) } })],
    ['no body', () => ({ ...good(), body: '' })],
  ])('%s', async (_what, request) => {
    expect((await send(request())).status).toBe(401);
    expect(answers()).toEqual([]);
  });

  it('the same request once more, however soon', async () => {
    const request = press();
    const [first, second] = await Promise.all([send(request), send(request)]);
    expect([first.status, second.status].toSorted()).toEqual([200, 409]);
    await clock.advance(4 * minute);
    expect((await send(request)).status).toBe(409);
    await clock.advance(2 * minute);
    expect((await send(request)).status).toBe(401);
    expect(answers()).toHaveLength(1);
  });

  it('a token instead of a signature', async () => {
    const answer = await app.inject({ method: 'POST', url: '/api/v1/slack/interactions', headers: { authorization: 'Bearer the-daemons-own', 'content-type': 'application/x-www-form-urlencoded' }, payload: body });
    expect(answer.statusCode).toBe(401);
  });
});

describe('signed bodies of other shapes', () => {
  it.each<readonly [what: string, body: string, status: number, path: string]>([
    ['no payload', 'a=b', 400, '/payload'],
    ['a payload that is not JSON', formOf('{'), 400, '/payload'],
    ['a payload that is a list', formOf([]), 400, '/payload'],
    ['a payload that is null', formOf('null'), 400, '/payload'],
    ['no type', formOf({}), 400, '/payload/type'],
    ['a user without an id', formOf({ ...blockActions(), user: {} }), 400, '/payload/user/id'],
    ['no user', formOf({ ...blockActions(), user: undefined }), 400, '/payload/user'],
    ['actions that are no list', formOf({ ...blockActions(), actions: {} }), 400, '/payload/actions'],
    ['a button without a value', formOf(blockActions({ value: '' })), 400, '/payload/actions'],
    ['a prototype', formOf('{"__proto__":{"type":"block_actions"}}'), 400, '/payload/type'],
    ['deep nesting', formOf(`${'['.repeat(50_000)}${']'.repeat(50_000)}`), 400, '/payload'],
    ['another kind of interaction', formOf({ type: 'view_submission', user: { id: 'U1' } }), 200, ''],
    ["somebody else's button", formOf(blockActions({ action: 'other.app' })), 200, ''],
    ['a button named after a prototype', formOf(blockActions({ action: 'constructor' })), 200, ''],
    ['2 MB', formOf({ ...blockActions(), more: 'x'.repeat(2_000_000) }), 413, ''],
  ])('%s', async (_what, body, status, path) => {
    const { status: got, answer } = await send(signed(body, SECRET, clock.now()));
    expect(got).toBe(status);
    expect(JSON.stringify(answer)).toContain(path);
    expect(answers()).toEqual([]);
  });

  it.each(corpus('slack'))('corpus: %s', async (_file, body) => {
    expect((await send(signed(body, SECRET, clock.now()))).status).toBeLessThan(500);
  });

  it('answers whatever bytes come with a status that says so, and does nothing', { timeout: fuzzTimeout }, async () => {
    await expectAlways(
      'slack',
      fc.asyncProperty(fc.oneof(fc.string(), fc.json().map((text) => formOf(text)), fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1'))), async (body) => {
        await clock.advance(1_000);
        const { status } = await send(signed(body, SECRET, clock.now()));
        expect([200, 400, 401]).toContain(status);
        expect(answers()).toEqual([]);
      }),
      200,
    );
  });

  it('answers a press in which one place is something else, and takes it for one answer at most', { timeout: fuzzTimeout }, async () => {
    await expectAlways(
      'slack',
      fc.asyncProperty(withOneReplaced(blockActions({ responseUrl: 'https://hooks.slack.com/actions/1' })), async (changed) => {
        await clock.advance(1_000);
        const { status } = await send(signed(formOf(changed), SECRET, clock.now()));
        expect([200, 400]).toContain(status);
        expect(answers().length).toBeLessThan(2);
        guard.calls.length = whispered.length = 0;
      }),
      200,
    );
  });
});
