import type { Channel, Delivery, SendResult } from './channel.js';
import type { PaceSettings } from './pace.js';

/** A channel whose program parts are loaded with its first message: a daemon that only watches need not hold them. */
export class ChannelOnDemand implements Channel {
  readonly #load: () => Promise<Channel>;
  #channel: Promise<Channel> | undefined;

  constructor(readonly name: Channel['name'], load: () => Promise<Channel>, readonly pace?: PaceSettings) {
    this.#load = load;
  }

  async send(delivery: Delivery): Promise<SendResult> {
    this.#channel ??= this.#load();
    return (await this.#channel).send(delivery);
  }

  close(): void {
    void this.#channel?.then((channel) => channel.close());
  }
}
