import type { AlertEvidence } from '../decision/decision.js';
import type { Incident } from '../incident/incident.js';
import { severities } from '../trigger/trigger.js';

/** `error rate 23.4% > 10% for 5m`: what is wrong in as few words as a telephone's lock screen shows. */
export function alertHeadline(target: string, { trigger, value, condition, window }: AlertEvidence): string {
  const sustained = window.startsWith('for ') ? ` ${window}` : `, ${window}`;
  return `${plainName(target, trigger)} ${value ?? '(no value)'} ${condition}${window === '' ? '' : sustained}`;
}

/** The headline of the worst alert, and how many others there are. */
export function headlineOf(target: string, evidence: readonly AlertEvidence[]): string | undefined {
  const [worst, ...others] = worstFirst(evidence);
  if (worst === undefined) return undefined;
  return alertHeadline(target, worst) + (others.length === 0 ? '' : ` and ${others.length} more`);
}

/** Most urgent first; among equals the one that began first. */
function worstFirst(evidence: readonly AlertEvidence[]): readonly AlertEvidence[] {
  return [...evidence].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || (a.activeAt ?? Infinity) - (b.activeAt ?? Infinity));
}

/** What fires now or, once everything is clear, what has fired; worst first, each as it was last judged. */
export function evidenceOfIncident({ alerts, decisions }: Incident): readonly AlertEvidence[] {
  const newest = new Map(decisions.flatMap(({ evidence }) => evidence.map((seen) => [seen.fingerprint, seen])));
  const firing = alerts.filter((alert) => alert.clearedAt === undefined);
  return worstFirst((firing.length > 0 ? firing : alerts).map(({ evidence }) => newest.get(evidence.fingerprint) ?? evidence));
}

/** `CheckoutErrorRateHigh` of checkout is `error rate`: the condition says already whose and how high. */
function plainName(target: string, trigger: string): string {
  const words = trigger
    .replaceAll(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2')
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((word) => word !== '');
  const own = target.toLowerCase().split(/[\s_-]+/);
  if (own.every((word, index) => words[index] === word)) words.splice(0, own.length);
  if (words.length > 1 && /^(?:high|low|alert)$/.test(words.at(-1) ?? '')) words.pop();
  return words.length === 0 ? trigger : words.join(' ');
}
