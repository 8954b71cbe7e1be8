import type { Config } from '../config/config.js';
import { noChanges } from '../decision/change.js';
import { decide } from '../decision/decide.js';
import type { Decision } from '../decision/decision.js';
import type { FiringAlert } from '../decision/decision-input.js';
import { emptyLedger } from '../decision/ledger.js';
import { matrixOf } from '../decision/matrix.js';
import { firingAlertOf } from '../guard/firing-alert.js';
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
            // What was known to be good then is not replayed.
            changes: noChanges,
            flaps: 0,
            policy: { ...config.policy, matrix: matrixOf(target, config.policy.matrix) },
          },
          at,
        ),
      );
    }
  }
  return decisions;
}

/** A scheduled rollback counts from its firing. An impact that would have to be asked for is unknown here. */
function firingAlert(trigger: Trigger, { alert }: FiringSpan): FiringAlert {
  const firing = firingAlertOf(trigger, alert, 'enforce', trigger.impact?.kind === 'asked' ? { kind: 'unknown', why: 'the past is not asked about it' } : undefined);
  return { ...firing, response: firing.response === 'scheduled' ? 'immediate' : firing.response };
}
