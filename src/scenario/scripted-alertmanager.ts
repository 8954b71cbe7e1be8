import { AlertReceiver } from '../guard/alert-receiver.js';
import type { Guard } from '../guard/guard.js';
import type { ReceivedAlertStore } from '../guard/received-alert-store.js';
import type { ReceivedAlert } from '../source/received-alert.js';
import { ReceivedAlerts } from '../source/received-alerts.js';
import type { VirtualClock } from '../time/virtual-clock.js';
import type { ScriptedMessage } from './scenario.js';

/** Delivers a scenario's messages to Belay's own receiver. What comes while Belay is down waits: an Alertmanager tries again. */
export class ScriptedAlertmanager {
  readonly #clock: VirtualClock;
  readonly #stored = new Map<string, ReceivedAlert>();
  readonly #undelivered: ScriptedMessage[] = [];
  #receiver: AlertReceiver | undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** What Belay, which starts now, knows of before it is told of anything more. */
  async start(guard: () => Guard | undefined): Promise<ReceivedAlerts> {
    const book = new ReceivedAlerts();
    this.#receiver = new AlertReceiver(book, { store: this.#store(), clock: this.#clock, onChanged: (alerts) => guard()?.noteReceived(alerts) });
    await this.#receiver.restore();
    return book;
  }

  stop(): void {
    this.#receiver = undefined;
  }

  /** Delivers what has waited. */
  async deliverLate(): Promise<void> {
    for (const message of this.#undelivered.splice(0)) await this.deliver(message);
  }

  async deliver(message: ScriptedMessage): Promise<void> {
    if (this.#receiver === undefined) this.#undelivered.push(message);
    else await this.#receiver.receive({ groupKey: '', receiver: 'belay', truncatedAlerts: 0, alerts: [message.notice] }, 'scenario');
  }

  /** For as long as the scenario lasts, restarts included. */
  #store(): ReceivedAlertStore {
    return {
      saveReceived: (_messages, alerts, forgotten) => {
        for (const alert of alerts) this.#stored.set(alert.key, alert);
        for (const key of forgotten) this.#stored.delete(key);
        return Promise.resolve();
      },
      loadReceived: () => Promise.resolve([...this.#stored.values()]),
    };
  }
}
