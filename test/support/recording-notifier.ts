import type { Channel, Delivery, SendResult } from '../../src/notify/channel.js';
import type { ChannelName, Message } from '../../src/notify/message.js';

/** A channel that keeps what it is given. `answer` decides how each attempt ends; at first every message is sent. */
export class RecordingNotifier implements Channel {
  readonly name: ChannelName;
  /** Every attempt, in order, whatever became of it. */
  readonly attempts: Delivery[] = [];
  /** What was sent. */
  readonly sent: Message[] = [];
  answer: (delivery: Delivery) => SendResult | Promise<SendResult> = () => ({ kind: 'sent' });
  closed = false;

  constructor(name: ChannelName = 'webhook') {
    this.name = name;
  }

  get titles(): readonly string[] {
    return this.sent.map(({ title }) => title);
  }

  async send(delivery: Delivery): Promise<SendResult> {
    this.attempts.push(delivery);
    const result = await this.answer(delivery);
    if (result.kind === 'sent') this.sent.push(delivery.item.message);
    return result;
  }

  close(): void {
    this.closed = true;
  }
}
