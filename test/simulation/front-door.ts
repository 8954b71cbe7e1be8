import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { HttpSettings } from '../../src/config/config.js';
import type { GuardApi } from '../../src/http/guard-api.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { VirtualClock } from '../../src/time/virtual-clock.js';

/** What an Alertmanager, or a person, asks of Belay's HTTP interface; `token` says who it is. */
export interface Question {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  /** The code and the message of an error; empty where all is well. */
  readonly refusal: string;
}

/**
 * The product's HTTP interface as one life of the daemon serves it, without sockets. It takes turns of the event loop to
 * read a request and to write an answer, and no time of the world: that stands still until the guard has been asked, and
 * from its answer on until that is out.
 */
export class FrontDoor {
  readonly #clock: VirtualClock;
  readonly #app: FastifyInstance;
  #onTheWay = 0;
  #nobodyOnTheWay: () => void = () => undefined;

  constructor(clock: VirtualClock, guard: GuardApi, settings: () => HttpSettings) {
    this.#clock = clock;
    const { host, port } = settings();
    this.#app = createHttpServer({
      guard: this.#timed(guard),
      live: { snapshot: neverAsked, listen: neverAsked },
      reports: { incidentReport: neverAsked, periodReport: neverAsked },
      settings: { ...settings(), host, port, get tokens() { return settings().tokens; } },
      operatorToken: 'the-daemons-own-token-in-the-simulation',
      logger: pino({ level: 'silent' }),
      registry: new Registry(),
      redactor: new Redactor(),
    });
  }

  async ask({ method, path, token, body }: Question): Promise<Answer> {
    this.#setOut();
    try {
      const headers = { host: '127.0.0.1:9797', authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
      const { statusCode, payload } = await this.#app.inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) });
      if (statusCode < 400) return { status: statusCode, refusal: '' };
      const { error } = JSON.parse(payload) as { readonly error: { readonly code: string; readonly message: string } };
      return { status: statusCode, refusal: `${error.code}: ${error.message}` };
    } finally {
      this.#arrive();
    }
  }

  /** The same guard; while it is at work on a request, time goes on. */
  #timed(guard: GuardApi): GuardApi {
    return new Proxy(guard, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== 'function') return method;
        return (...values: unknown[]): unknown => {
          const result: unknown = method.apply(target, values);
          if (!(result instanceof Promise)) return result;
          this.#arrive();
          return result.finally(() => {
            this.#setOut();
          });
        };
      },
    });
  }

  #setOut(): void {
    this.#onTheWay += 1;
    if (this.#onTheWay === 1) void this.#clock.during(new Promise<void>((resolve) => (this.#nobodyOnTheWay = resolve)));
  }

  #arrive(): void {
    this.#onTheWay -= 1;
    if (this.#onTheWay === 0) this.#nobodyOnTheWay();
  }
}

function neverAsked(): never {
  throw new TypeError('nobody asks this in the simulation');
}
