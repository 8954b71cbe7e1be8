import type { AlertMessage, ReceivedAlert } from '../source/received-alert.js';

export interface StoredMessage {
  readonly message: AlertMessage;
  /** The name of the token that it came with. */
  readonly sender: string;
  readonly receivedAt: number;
}

/** What Alertmanagers have sent. Resolves once it is durable; a call is one transaction. */
export interface ReceivedAlertStore {
  /** Appends the messages, replaces what is known of each of the alerts, and forgets those of the keys `forgotten`. */
  saveReceived(messages: readonly StoredMessage[], alerts: readonly ReceivedAlert[], forgotten: readonly string[]): Promise<void>;
  loadReceived(): Promise<readonly ReceivedAlert[]>;
}
