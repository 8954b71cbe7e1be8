import type { FiringAlert } from '../decision/decision-input.js';
import type { Impact } from '../decision/impact.js';
import { strictestMode } from '../decision/mode.js';
import type { Alert } from '../trigger/alert.js';
import type { Mode, Trigger } from '../trigger/trigger.js';
import { evidenceOf } from './evidence.js';

/** A firing alert as decisions see it. `mode`: of its target; `asked`: what the source says of its impact, where the trigger has it asked. */
export function firingAlertOf(trigger: Trigger, alert: Alert, mode: Mode, asked: Impact | undefined): FiringAlert {
  const { response, delayMs, levels, planId, timeToFixMs, issueType, impact, approval } = trigger;
  return {
    evidence: evidenceOf(trigger, alert),
    response,
    delayMs,
    mode: strictestMode(mode, trigger.mode),
    levels,
    planId,
    impact: impact?.kind === 'share' ? { kind: 'known', share: impact.share } : asked,
    timeToFixMs,
    issueType,
    scenarios: approval === undefined ? [] : [approval],
  };
}

/** Whether the decision matrix, and not the trigger itself, says what is done. */
export function leavesToMatrix({ levels, planId, response }: Trigger): boolean {
  return levels === undefined && planId === undefined && response !== 'monitor';
}
