import { createHmac } from 'node:crypto';

/** The payload that Slack sends for the press of a button, in the shape of its documentation. */
export function blockActions({ action = 'belay.approve', value = 'a1', user = 'U1', responseUrl }: { readonly action?: string; readonly value?: string; readonly user?: string; readonly responseUrl?: string } = {}): Record<string, unknown> {
  return {
    type: 'block_actions',
    team: { id: 'T9TK3CUKW', domain: 'example' },
    user: { id: user, username: 'ana', name: 'ana', team_id: 'T9TK3CUKW' },
    api_app_id: 'AABA1ABCD',
    token: '9s8d9as89d8as9d8as989',
    container: { type: 'message', message_ts: '1700000000.000001', channel_id: 'C0123', is_ephemeral: false },
    trigger_id: '12466734323.1395872398',
    channel: { id: 'C0123', name: 'incidents' },
    message: { type: 'message', ts: '1700000000.000001', text: 'checkout' },
    ...(responseUrl === undefined ? {} : { response_url: responseUrl }),
    actions: [{ type: 'button', action_id: action, block_id: value, text: { type: 'plain_text', text: 'Approve', emoji: false }, value, style: 'primary', action_ts: '1700000001.123456' }],
  };
}

export function formOf(payload: unknown): string {
  return new URLSearchParams({ payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }).toString();
}

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** As Slack signs: version, time and the bytes of the body. */
export function signed(body: string, secret: string, at: number): SignedRequest {
  const timestamp = String(Math.floor(at / 1_000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  return { body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature } };
}
