import { instantText } from '../time/instant-text.js';
import type { AlertEvidence, Decision, PolicyFinding } from './decision.js';

/** What the files, and people who hold Belay back, have to say; the rest of the findings is how the decision came about. */
const policyParts: ReadonlySet<PolicyFinding['about']> = new Set(['pause', 'approval', 'cooldown', 'budget', 'fleet', 'flap', 'freeze', 'change', 'rollback-point']);

/** What a decision rests on, a line each: the samples and the rule of each alert, what each part of the policy said, and the other levels. */
export function decisionGrounds({ evidence, rules, policy, alternatives }: Decision): readonly string[] {
  return [
    ...evidence.flatMap((alert) => {
      const samples = samplesText(alert);
      return samples === undefined ? [] : [`samples of ${alert.trigger}, up to ${instantText(alert.samples?.at(-1)?.at ?? 0)}: ${samples}`];
    }),
    ...rules.map(({ text }) => `rule: ${text}`),
    ...policy.filter(({ objects }) => !objects).map(({ about, says }) => `${about}: ${says}`),
    ...alternatives.map(({ level, planId, why }) => `level ${level}${planId === undefined ? '' : `, plan ${planId}`}: ${why}`),
  ];
}

/** `18.9%, unknown (timeout), 23.4%`: what was seen of an alert last, oldest first. */
export function samplesText({ samples = [] }: AlertEvidence): string | undefined {
  return samples.length === 0 ? undefined : samples.map(({ value, unknown }) => value ?? `unknown (${unknown ?? 'no data'})`).join(', ');
}

/** In one line, which parts of the policy hold it back and which do not; `undefined` where none was asked. */
export function policyText({ policy }: Pick<Decision, 'policy'>): string | undefined {
  const parts = policy.filter(({ about }) => policyParts.has(about));
  if (parts.length === 0) return undefined;
  const names = (objects: boolean): readonly string[] => [...new Set(parts.filter((part) => part.objects === objects).map(({ about }) => about))];
  const against = names(true);
  const others = names(false).filter((about) => !against.includes(about));
  if (against.length === 0) return `nothing holds it back (asked: ${others.join(', ')})`;
  return `held back by ${against.join(', ')}${others.length === 0 ? '' : `; not by ${others.join(', ')}`}`;
}
