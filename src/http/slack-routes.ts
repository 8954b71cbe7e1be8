import { z } from 'zod';
import { BelayError } from '../fault/belay-error.js';
import { systemClock, type Clock } from '../time/clock.js';
import { errorAnswers, type Api } from './api.js';
import type { GuardApi } from './guard-api.js';
import { readSlackPress, type SlackPress } from './slack-payload.js';
import { SeenRequests, signatureProblem } from './slack-signature.js';

/** Slack as the HTTP interface needs it. */
export interface SlackPorts {
  /** `undefined` while answers from Slack are not configured. */
  readonly signingSecret: () => string | undefined;
  /** Tells the one who pressed a button, and nobody else, what came of it. */
  readonly whisper: (to: Pick<SlackPress, 'userId' | 'channelId' | 'responseUrl'>, text: string) => Promise<void>;
  readonly clock: Clock;
}

export const noSlack: SlackPorts = { signingSecret: () => undefined, whisper: () => Promise.resolve(), clock: systemClock };

const answerView = z.object({ response_type: z.literal('ephemeral').optional(), replace_original: z.literal(false).optional(), text: z.string().optional() });

/**
 * Where Slack sends the presses of Approve and Reject. Who presses is known by the signature of the request and by the
 * user's id; the answer is durable before Slack hears of it. `api` is this route's own scope: only here a form is read.
 */
export function slackRoutes(api: Api, guard: GuardApi, { signingSecret, whisper, clock }: SlackPorts): void {
  const seen = new SeenRequests();
  // The signature is over the very bytes.
  api.addContentTypeParser<Buffer>('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  api.post(
    '/api/v1/slack/interactions',
    { config: { role: 'open' }, schema: { summary: "Takes the presses of buttons in Slack; the request's signature is checked", response: { 200: answerView, ...errorAnswers } } },
    async (request) => {
      const secret = signingSecret();
      if (secret === undefined) throw new BelayError('not-found', 'notify.slack.signingSecret is not configured, so nothing is taken from Slack.');
      const { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature } = request.headers;
      const body: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const now = clock.now();
      const problem = signatureProblem({ timestamp: single(timestamp), signature: single(signature), body }, secret, now);
      if (problem !== undefined) throw new BelayError('unauthorized', `This is not taken for a request of Slack's: ${problem}.`);
      if (!seen.isNew(String(signature), now)) throw new BelayError('conflict', 'This request has come before; it is not answered twice.');
      const press = readSlackPress(body);
      if (press === undefined) return {};
      const told = await wordsFor(guard, press);
      if (told === undefined) return {};
      void whisper(press, told).catch((error: unknown) => request.log.warn({ err: error }, 'nobody could be told in Slack what came of a button'));
      return { response_type: 'ephemeral' as const, replace_original: false as const, text: told };
    },
  );
}

/** What the one who pressed is told; the message itself shows an answer that counts. */
async function wordsFor(guard: GuardApi, { approvalId, decision, userId }: SlackPress): Promise<string | undefined> {
  try {
    await guard.answerApproval(approvalId, { decision, way: 'slack' }, { slackUser: userId });
    return undefined;
  } catch (error) {
    if (!(error instanceof BelayError) || !['forbidden', 'conflict', 'not-found'].includes(error.code)) throw error;
    return `Your answer does not count: ${error.message}.`;
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
