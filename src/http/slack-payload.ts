import { z } from 'zod';
import { BelayError } from '../fault/belay-error.js';

/** What the buttons of Belay's messages are called. */
export const slackActions = { 'belay.approve': 'approve', 'belay.reject': 'reject' } as const;

const id = z.string().min(1).max(200);
const payloadSchema = z.looseObject({
  type: z.string().max(200),
  user: z.looseObject({ id }).optional(),
  channel: z.looseObject({ id }).optional(),
  actions: z.array(z.looseObject({ action_id: z.string().max(300), value: z.string().max(2_000).optional() })).max(25).optional(),
  response_url: z.string().max(2_000).optional(),
});

/** A press of one of the buttons. */
export interface SlackPress {
  readonly userId: string;
  readonly channelId?: string | undefined;
  readonly approvalId: string;
  readonly decision: 'approve' | 'reject';
  readonly responseUrl?: string | undefined;
}

/**
 * The press that an interaction tells of: a form whose field `payload` is JSON. `undefined` for interactions that are
 * not about Belay's buttons. Throws BelayError `parameter-invalid`, naming the place.
 */
export function readSlackPress(body: Buffer): SlackPress | undefined {
  const text = new URLSearchParams(body.toString('utf8')).get('payload');
  if (text === null) throw new BelayError('parameter-invalid', 'body /payload: is missing');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new BelayError('parameter-invalid', 'body /payload: is not JSON', { cause });
  }
  const read = payloadSchema.safeParse(data);
  if (!read.success) throw new BelayError('parameter-invalid', read.error.issues.map(({ path, message }) => `body /${['payload', ...path].join('/')}: ${message}`).join('; '));
  const { type, user, channel, actions = [], response_url: responseUrl } = read.data;
  if (type !== 'block_actions') return undefined;
  const action = actions.find(({ action_id: name }) => Object.hasOwn(slackActions, name));
  if (action === undefined) return undefined;
  if (user === undefined) throw new BelayError('parameter-invalid', 'body /payload/user: is missing');
  if (action.value === undefined || action.value === '') throw new BelayError('parameter-invalid', 'body /payload/actions: the button has no value');
  const decision = slackActions[action.action_id as keyof typeof slackActions];
  return { userId: user.id, channelId: channel?.id, approvalId: action.value, decision, responseUrl };
}
