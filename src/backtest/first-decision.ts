import type { Config } from '../config/config.js';
import { decide, type FiringAlert } from '../decision/decide.js';
import type { Decision } from '../decision/decision.js';
import { emptyLedger } from '../decision/ledger.js';
import { evidenceOf } from '../guard/evidence.js';
import { rungsOfTarget } from '../guard/target-declaration.js';
import type { Trigger } from '../trigger/trigger.js';
import type { FiringSpan } from './alert-spans.js';
import type { TriggerReplay } from './replay-trigger.js';

/**
 * What would have been decided at each moment at which an alert began to fire, on a target with nothing else going on:
 * by all alerts of the target that were firing then, as though every mode were `enforce`. Cooldown, budget and fleet
 * are left out, since nobody knows how long an incident would have lasted once something had been rolled back.
 */
export function firstDecisions(replays: readonly TriggerReplay[], config: Config): ReadonlyMap<FiringSpan, Decision> {
  const decisions = new Map<FiringSpan, Decision>();
  for (const target of new Set(replays.map(({ trigger }) => trigger.target))) {
    const plans = rungsOfTarget(target, config.plans);
    const firings = replays
      .filter(({ trigger }) => trigger.target === target)
      .flatMap(({ trigger, firings: spans }) => spans.map((span) => ({ trigger, span })))
      .sort((a, b) => a.span.firedAt - b.span.firedAt);
    let next = 0;
    let active: { readonly trigger: Trigger; readonly span: FiringSpan }[] = [];
    for (const { span } of firings) {
      const at = span.firedAt;
      active = active.filter((other) => at < (other.span.clearedAt ?? Infinity));
      for (let begun = firings[next]; begun !== undefined && begun.span.firedAt <= at; begun = firings[next]) {
        active.push(begun);
        next += 1;
      }
      decisions.set(
        span,
        decide(
          {
            target,
            mode: 'enforce',
            alerts: active.map((other) => firingAlert(other.trigger, other.span)),
            plans,
            incident: { incidentId: '', phase: 'open', triedLevels: [], requests: [], mayClimb: false },
            pauses: [],
            ledger: emptyLedger,
            running: 0,
            policy: config.policy,
          },
          at,
        ),
      );
    }
  }
  return decisions;
}

function firingAlert(trigger: Trigger, { alert }: FiringSpan): FiringAlert {
  return { evidence: evidenceOf(trigger, alert), response: trigger.response === 'scheduled' ? 'immediate' : trigger.response, levels: trigger.levels, planId: trigger.planId, mode: 'enforce' };
}
