import { levelNames } from '../../decision/ladder.js';
import { wasRefused, type Incident, type Rung } from '../../incident/incident.js';
import type { StateWord } from '../view/tone.js';

export interface LadderStep extends StateWord {
  readonly level: number;
  readonly name: string;
  readonly planId?: string | undefined;
}

/** The five levels, and what has come of each in this incident. */
export function ladderSteps({ rungs, decisions, approvals }: Incident): readonly LadderStep[] {
  const decision = decisions.findLast(({ ladder }) => ladder !== undefined);
  return Object.entries(levelNames).map(([text, name]) => {
    const level = Number(text);
    const rung = rungs.findLast((candidate) => candidate.level === level && candidate.undoes === undefined);
    if (rung !== undefined) return { level, name, planId: rung.planId, ...rungWords(rung) };
    const asked = approvals.find((approval) => approval.level === level && approval.status === 'requested');
    if (asked !== undefined) return { level, name, planId: asked.planId, tone: 'ask', word: 'waits for approval' };
    const isPart = decision?.ladder !== undefined && level >= decision.ladder.from && level <= decision.ladder.to;
    const other = decision?.alternatives.find((alternative) => alternative.level === level);
    if (!isPart) return { level, name, tone: 'idle', word: 'not asked for' };
    if (decision.level === level) return { level, name, planId: decision.planId, tone: 'idle', word: 'not begun' };
    return { level, name, planId: other?.planId, tone: 'idle', word: other?.why ?? 'possible' };
  });
}

/** What has come of one plan that was run. */
export function rungWords(rung: Rung): StateWord {
  const { outcome, verification, mode } = rung;
  const result = verification?.result;
  if (mode !== 'enforce' && outcome === 'would-have') return { tone: 'paused', word: 'dry run: would have' };
  if (outcome === undefined) return { tone: 'act', word: 'rolling back' };
  if (wasRefused(rung)) return { tone: 'bad', word: 'not begun: refused' };
  if (outcome === 'cancelled') return { tone: 'idle', word: 'cancelled' };
  if (outcome === 'parked') return { tone: 'bad', word: 'parked for a person' };
  if (verification !== undefined && result === undefined) return { tone: 'act', word: 'verifying' };
  const verdict = result?.outcome ?? 'skipped';
  switch (verdict) {
    case 'recovered':
      return { tone: 'ok', word: 'recovered' };
    case 'not-recovered':
      return { tone: 'bad', word: 'not recovered' };
    case 'inconclusive':
      return { tone: 'blind', word: 'inconclusive' };
    case 'error':
      return { tone: 'blind', word: 'could not be measured' };
    case 'skipped':
      return outcome === 'failed' ? { tone: 'bad', word: 'failed' } : { tone: 'ok', word: 'done' };
    default:
      return verdict satisfies never;
  }
}
