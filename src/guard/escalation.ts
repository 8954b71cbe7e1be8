import type { Incident } from '../incident/incident.js';
import type { ToldPerson } from '../incident/incident-event.js';
import type { Severity } from '../trigger/trigger.js';

/** Who is called when nobody has answered for `afterMs`. */
export interface EscalationStep {
  readonly afterMs: number;
  /** As the file names them. */
  readonly to: readonly string[];
  /** The people behind these names. */
  readonly people: readonly ToldPerson[];
  /** Only where an alert of the incident is of one of these; of any where absent. */
  readonly severities?: readonly Severity[] | undefined;
}

/** The next call: which step (from 1), and when. */
export interface NextEscalation {
  readonly at: number;
  readonly number: number;
  readonly step: EscalationStep;
}

/**
 * Whom an incident calls next, and when; `undefined` while nobody is wanted, once somebody looks after it, and after the
 * last step. `wantedAt`: since when somebody is wanted, where the clock was set since that was written down.
 */
export function nextEscalation({ attention, escalations, alerts }: Incident, steps: readonly EscalationStep[], wantedAt = attention?.since): NextEscalation | undefined {
  if (attention === undefined || wantedAt === undefined || attention.seenAt !== undefined) return undefined;
  const { since } = attention;
  const called = Math.max(0, ...escalations.filter((call) => call.since === since).map(({ step }) => step));
  const concerns = ({ severities }: EscalationStep): boolean => severities === undefined || alerts.some(({ evidence }) => severities.includes(evidence.severity));
  const index = steps.findIndex((step, place) => place >= called && concerns(step));
  const step = steps[index];
  return step === undefined ? undefined : { at: wantedAt + step.afterMs, number: index + 1, step };
}
