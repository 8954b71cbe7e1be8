import { instantText } from '../time/instant-text.js';
import { levelNames } from '../decision/ladder.js';
import { windowText } from '../guard/evidence.js';
import { formatValue } from '../source/condition.js';
import type { Labels } from '../source/sample.js';
import { formatDuration } from '../time/duration.js';
import type { Trigger } from '../trigger/trigger.js';
import type { FiringSpan } from './alert-spans.js';
import type { Backtest } from './backtest.js';
import type { TriggerReplay } from './replay-trigger.js';

// What `--json` shows; its field names stay. Instants in milliseconds since the epoch.

export interface BacktestSummary {
  readonly fired: boolean;
  readonly triggers: readonly TriggerSummary[];
  readonly notReplayed: readonly { readonly trigger: string; readonly target: string; readonly reason: string }[];
  readonly failed: readonly { readonly trigger: string; readonly target: string; readonly reason: string }[];
}

export interface TriggerSummary {
  readonly trigger: string;
  readonly target: string;
  readonly query: string;
  /** `> 10% for 5m`. */
  readonly rule: string;
  readonly stepMs: number;
  readonly fromAt: number | null;
  readonly toAt: number | null;
  readonly ticks: number;
  /** Of the ticks, 0 to 1: at these nothing was known. */
  readonly unknownShare: number;
  readonly firings: readonly FiringSummary[];
  readonly firingsPerWeek: number;
  readonly firingMs: number;
  /** The breach that came nearest to firing without doing so. */
  readonly longestPending: PendingSummary | null;
  /** The value that came nearest to the threshold or went furthest beyond it; `share` is of the threshold. */
  readonly extreme: { readonly at: number; readonly value: number | string; readonly text: string; readonly labels: Labels; readonly share: number | null } | null;
  /** What the source could not answer. */
  readonly faults: readonly string[];
}

export interface FiringSummary {
  readonly labels: Labels;
  readonly activeAt: number;
  readonly firedAt: number;
  /** `null` when it was still firing at the end. */
  readonly clearedAt: number | null;
  readonly durationMs: number;
  /** The worst value while it fired, in the unit of the condition. */
  readonly worst: string | null;
  readonly decision: string;
  readonly reason: string;
  readonly level: number | null;
  readonly plan: string | null;
  /** `level 1 (feature flag), plan checkout-flag-off`. */
  readonly text: string;
}

export interface PendingSummary {
  readonly fromAt: number;
  readonly toAt: number;
  readonly labels: Labels;
  /** Of the window, 0 to 1. */
  readonly windowShare: number;
}

const WEEK_MS = 7 * 86_400_000;

export function summarize({ replays, decisions, left, failed }: Backtest): BacktestSummary {
  const named = ({ trigger, reason }: { trigger: Trigger; reason: string }): BacktestSummary['failed'][number] => ({ trigger: trigger.name, target: trigger.target, reason });
  const triggers = replays.map((replay) => summarizeTrigger(replay, decisions));
  return { fired: triggers.some(({ firings }) => firings.length > 0), triggers, notReplayed: left.map(named), failed: failed.map(named) };
}

function summarizeTrigger(replay: TriggerReplay, decisions: Backtest['decisions']): TriggerSummary {
  const { trigger, stepMs, fromAt = null, toAt = null, ticks, unknownTicks, extreme, faults } = replay;
  const firings = replay.firings.map((firing) => summarizeFiring(firing, trigger, decisions));
  const weeks = (ticks * stepMs) / WEEK_MS;
  const { threshold, unit } = trigger.condition;
  return {
    trigger: trigger.name,
    target: trigger.target,
    query: trigger.queryText,
    rule: `${trigger.condition.text} ${windowText(trigger)}`,
    stepMs,
    fromAt,
    toAt,
    ticks,
    unknownShare: ticks === 0 ? 0 : unknownTicks / ticks,
    firings,
    firingsPerWeek: weeks === 0 ? 0 : firings.length / weeks,
    firingMs: firings.reduce((sumMs, { durationMs }) => sumMs + durationMs, 0),
    longestPending: longestPending(replay),
    extreme:
      extreme === undefined
        ? null
        : { at: extreme.at, value: Number.isFinite(extreme.value) ? extreme.value : String(extreme.value), text: formatValue(extreme.value, unit), labels: extreme.labels, share: threshold > 0 && Number.isFinite(extreme.value) ? extreme.value / threshold : null },
    faults,
  };
}

function summarizeFiring(firing: FiringSpan, trigger: Trigger, decisions: Backtest['decisions']): FiringSummary {
  const { alert, activeAt, firedAt, clearedAt = null, toAt, worst } = firing;
  const decision = decisions.get(firing);
  if (decision === undefined) throw new TypeError('a firing without a decision');
  const { level, planId } = decision;
  const rung = level === undefined || planId === undefined ? undefined : `level ${level} (${levelNames[level]}), plan ${planId}`;
  return {
    labels: alert.labels,
    activeAt,
    firedAt,
    clearedAt,
    durationMs: toAt - firedAt,
    worst: worst === undefined ? null : formatValue(worst, trigger.condition.unit),
    decision: decision.kind,
    reason: decision.reason,
    level: level ?? null,
    plan: planId ?? null,
    text: decision.kind === 'execute' && rung !== undefined ? rung : `${decision.kind}: ${decision.reason}${rung === undefined ? '' : `, ${rung}`}`,
  };
}

function longestPending({ pending }: TriggerReplay): PendingSummary | null {
  let nearest: TriggerReplay['pending'][number] | undefined;
  for (const span of pending) {
    if (!span.fired && (nearest === undefined || span.windowShare > nearest.windowShare)) nearest = span;
  }
  return nearest === undefined ? null : { fromAt: nearest.fromAt, toAt: nearest.toAt, labels: nearest.labels, windowShare: nearest.windowShare };
}

/** `{instance="a", job="b"}`, empty without labels. */
export function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`;
}

/** `83%`; as many digits as are worth reading. */
export function shareText(share: number): string {
  const percent = share * 100;
  return `${percent !== 0 && Math.abs(percent) < 10 ? Number(percent.toPrecision(2)) : Math.round(percent)}%`;
}

/** To the second. */
export function spanText(durationMs: number): string {
  return formatDuration(Math.round(durationMs / 1_000) * 1_000);
}

/** `3 times, 0.7 a week`. */
export function oftenText({ firings, firingsPerWeek, firingMs }: TriggerSummary): string {
  if (firings.length === 0) return 'never fired';
  const times = firings.length === 1 ? 'fired once' : `fired ${firings.length} times`;
  return `${times}, ${Number(firingsPerWeek.toPrecision(2))} per week, ${spanText(firingMs)} in all`;
}

/** What came near: one sentence each. */
export function nearMisses({ longestPending: pending, extreme, rule }: TriggerSummary): readonly string[] {
  return [
    ...(pending === null ? [] : [`nearest to firing: pending ${spanText(pending.toAt - pending.fromAt)} from ${instantText(pending.fromAt)}, ${shareText(pending.windowShare)} of the window${labelsText(pending.labels)}`]),
    ...(extreme === null ? [] : [`${rule.startsWith('<') ? 'lowest' : 'highest'} value ${extreme.text} at ${instantText(extreme.at)}${extreme.share === null ? '' : `, ${shareText(extreme.share)} of the threshold`}${labelsText(extreme.labels)}`]),
  ];
}
