/** One message that Belay had for customers. Instants in milliseconds since the epoch. */
export interface CustomerMessage {
  /** As metrics and `belay notify test` name it: `customers-status-page`. */
  readonly channel: string;
  readonly title: string;
  readonly state: 'sent' | 'waiting' | 'undeliverable';
  /** When it went out or was given up; while it waits, when it was written. */
  readonly at: number;
  /** Why the last attempt failed. */
  readonly error?: string | undefined;
}

/** What customers were told by Belay of one incident. */
export interface CustomersTold {
  /** `yes` once one message has gone out; `not-yet` while one may still go out. */
  readonly told: 'yes' | 'no' | 'not-yet';
  /** Whether the messages of all that has happened so far are among them. */
  readonly areAllWritten: boolean;
  /** In the order in which they were written. */
  readonly messages: readonly CustomerMessage[];
}

export function customersTold(messages: readonly CustomerMessage[], areAllWritten: boolean): CustomersTold {
  const isSent = messages.some(({ state }) => state === 'sent');
  const mayCome = !areAllWritten || messages.some(({ state }) => state === 'waiting');
  return { told: isSent ? 'yes' : mayCome ? 'not-yet' : 'no', areAllWritten, messages };
}

/** Yes or no, and how; what waits or failed is neither hidden nor counted. */
export function customersToldText({ told, messages }: CustomersTold): string {
  const ways = [...new Set(messages.filter(({ state }) => state === 'sent').map(wayText))];
  const waiting = messages.filter(({ state }) => state === 'waiting').length;
  const failed = messages.filter(({ state }) => state === 'undeliverable').length;
  return [
    told === 'yes' ? `yes, by ${ways.join(' and ')}` : told === 'no' ? 'no' : 'not yet',
    ...(told === 'no' && failed === 0 ? ['Belay had no message for them'] : []),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'} to go out`]),
    ...(failed === 0 ? [] : [`${failed} ${failed === 1 ? 'message' : 'messages'} could not be delivered`]),
  ].join('; ');
}

/** `customers-status-page` as people read it. */
export function wayText({ channel }: Pick<CustomerMessage, 'channel'>): string {
  return channel.replace(/^customers-/, '').replaceAll('-', ' ');
}
