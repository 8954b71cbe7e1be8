import type { TemplateValues } from '../calls/template.js';
import type { StepParameters } from '../step-parameters.js';
import type { TrafficWish } from './traffic-wish.js';

/** What a step wants of the traffic or the workers of one service, with the values that a binding's templates may use. */
export interface TrafficRequest {
  readonly parameters: StepParameters<'traffic'>;
  readonly values: TemplateValues;
}

/** One of the wishes, in the words that providers print and that people read. */
export function wishOf({ maintenance, replicas, worker, incident }: TrafficRequest['parameters']): { readonly wish: TrafficWish; readonly word: string } {
  if (maintenance !== undefined) return { wish: 'maintenance', word: maintenance ? 'on' : 'off' };
  if (replicas !== undefined) return { wish: 'replicas', word: String(replicas) };
  if (worker !== undefined) return { wish: 'worker', word: worker };
  return { wish: 'incident', word: incident?.status ?? '' };
}

/** The same request for another state of the same thing, as an undo needs it. */
export function withWord({ parameters, values }: TrafficRequest, wish: TrafficWish, word: string): TrafficRequest {
  const changed = {
    maintenance: { maintenance: word === 'on' },
    replicas: { replicas: Number(word) },
    worker: { worker: word === 'running' ? ('running' as const) : ('stopped' as const) },
    incident: { incident: { ...parameters.incident, status: word } },
  }[wish];
  return { parameters: { ...parameters, ...changed } as TrafficRequest['parameters'], values: { ...values, ...changed } };
}
