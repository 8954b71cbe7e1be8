import type { CustomerRules } from './compose-customers.js';
import type { DigestSettings } from './next-delivery.js';
import type { RequiredRecipients, Route } from './routes.js';
import type { Wording } from './wording.js';

export interface SlackSettings {
  readonly token: string;
  readonly channel: string;
  /** What Slack signs its requests with; without it, answers from Slack are refused. */
  readonly signingSecret?: string | undefined;
  /** Ends with a slash; Slack's own unless a test or a proxy stands in. */
  readonly apiUrl: string;
}

export interface EmailSettings {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  readonly smtp: string;
  readonly from: string;
  readonly to: readonly string[];
}

export interface WebhookSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StatusPageSettings {
  /** Of the API, with its version. */
  readonly url: string;
  readonly page: string;
  readonly token: string;
}

/** Whom, beside people inside, Belay tells of what they notice themselves. */
export interface CustomerSettings extends CustomerRules {
  /** Addresses; mails go out as those of `email` do. */
  readonly email?: readonly string[] | undefined;
  readonly statusPage?: StatusPageSettings | undefined;
  readonly webhook?: WebhookSettings | undefined;
}

export interface NotifySettings {
  readonly slack?: SlackSettings | undefined;
  readonly email?: EmailSettings | undefined;
  readonly webhook: readonly WebhookSettings[];
  readonly customers?: CustomerSettings | undefined;
  /** Of messages; the usual words where it is absent. */
  readonly wording?: Wording | undefined;
  readonly routes: readonly Route[];
  readonly required: readonly RequiredRecipients[];
  /** Absent where messages never come together. */
  readonly digest?: DigestSettings | undefined;
  /** How long a channel takes nothing before another one stands in. */
  readonly fallbackAfterMs: number;
}
