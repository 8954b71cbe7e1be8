import type { RollbackStep } from '../../src/rollback/rollback-plan.js';
import { Chance } from './chance.js';
import { services, type Happening, type Service } from './happening.js';

type Kind<K extends Happening['kind']> = Extract<Happening, { readonly kind: K }>;
type Fault = Kind<'source-fault' | 'step-fault' | 'store-fault' | 'channel-fault'>;

/** What of a service a rollback can change. */
export interface ServiceState {
  readonly flag: 'on' | 'off';
  readonly configuration: 'bad' | 'good';
  readonly release: 'bad' | 'good';
  readonly maintenance: boolean;
}

/** What a step of a plan makes of a service. */
export type Change = Partial<ServiceState>;

interface Breach {
  readonly service: Service;
  readonly what: Kind<'breach'>['what'];
  readonly fromAt: number;
  toAt: number;
  readonly curedBy: Kind<'breach'>['curedBy'];
}

const afterBadChange: ServiceState = { flag: 'on', configuration: 'bad', release: 'bad', maintenance: false };

/** The services and what lies between them and Belay, as they really are. Instants in milliseconds since the epoch, by the world's own clock. */
export class World {
  readonly #startAt: number;
  readonly #breaches: Breach[];
  readonly #faults: readonly Fault[];
  readonly #states = new Map<Service, ServiceState>(services.map((service) => [service, afterBadChange]));
  readonly #seed: number;

  constructor(seed: number, startAt: number, happenings: readonly Happening[]) {
    this.#seed = seed;
    this.#startAt = startAt;
    this.#breaches = happenings.flatMap((happening) => {
      if (happening.kind !== 'breach') return [];
      const { service, what, atMs, forMs, curedBy } = happening;
      return [{ service, what, fromAt: startAt + atMs, toAt: startAt + atMs + forMs, curedBy }];
    });
    this.#faults = happenings.filter((happening): happening is Fault => happening.kind.endsWith('-fault'));
  }

  /** The fault of a kind that is there at an instant, the one that began first. */
  fault<K extends Fault['kind']>(kind: K, at: number, concerns: (fault: Extract<Fault, { readonly kind: K }>) => boolean = () => true): Extract<Fault, { readonly kind: K }> | undefined {
    const sinceMs = at - this.#startAt;
    return this.#faults.find((fault): fault is Extract<Fault, { readonly kind: K }> => fault.kind === kind && fault.atMs <= sinceMs && sinceMs < fault.atMs + fault.forMs && concerns(fault as Extract<Fault, { readonly kind: K }>));
  }

  stateOf(service: Service): ServiceState {
    return this.#states.get(service) ?? afterBadChange;
  }

  /** A bad change goes out, as it does when a breach begins. */
  break(service: Service): void {
    this.#states.set(service, afterBadChange);
  }

  apply(service: Service, change: Change, at: number): void {
    const state = { ...this.stateOf(service), ...change };
    this.#states.set(service, state);
    for (const breach of this.#breaches) {
      if (breach.service !== service || at < breach.fromAt || at >= breach.toAt) continue;
      const isCured = (breach.curedBy === 1 && state.flag === 'off') || (breach.curedBy === 2 && state.configuration === 'good') || (breach.curedBy === 3 && state.release === 'good');
      if (isCured) breach.toAt = at;
    }
  }

  /** What a Prometheus has for `metric{service="…"}` at an instant, or a probe finds; `undefined` where there is nothing. */
  valueAt(metric: 'errors' | 'slowness' | 'health', service: Service, at: number): number | undefined {
    const what = metric === 'errors' ? 'errors' : metric === 'slowness' ? 'slow' : 'down';
    const source = metric === 'health' ? 'health' : 'prometheus';
    const fault = this.fault('source-fault', at, (candidate) => candidate.source === source)?.how;
    if (fault === 'empty') return undefined;
    if (fault === 'nan') return NaN;
    const isBroken = this.#breaches.some((breach) => breach.service === service && breach.what === what && breach.fromAt <= at && at < breach.toAt);
    const slot = Math.floor(at / 60_000);
    if (metric === 'health' && fault !== 'lying') return isBroken ? 0 : 1;
    const chance = new Chance(`${this.#seed} ${metric} ${service} ${slot}`);
    const seemsBroken = fault === 'lying' ? chance.happens(0.5) : isBroken;
    if (metric === 'health') return seemsBroken ? 0 : 1;
    const noise = chance.next();
    if (metric === 'errors') return seemsBroken ? 0.2 + noise / 2 : noise / 100;
    return seemsBroken ? 6 + noise * 4 : 1 + noise;
  }
}

/** What a step changes, and whether it has been changed already. */
export function changeOf(step: RollbackStep): Change {
  switch (step.type) {
    case 'feature-flag':
      return { flag: 'off' };
    case 'configuration':
      return { configuration: 'good' };
    case 'deployment':
      return { release: 'good' };
    case 'traffic':
      return { maintenance: (step.parameters as { maintenance?: unknown }).maintenance === true };
    default:
      return {};
  }
}

export function isSo(state: ServiceState, change: Change): boolean {
  return Object.entries(change).every(([key, value]) => state[key as keyof ServiceState] === value);
}
