/**
 * The state machine of one alert. Every sample is first read as a verdict:
 *
 *   breach    the condition holds (or nothing is known and the trigger says `breach`)
 *   clear     it does not hold; of a firing alert with hysteresis: the clear condition holds
 *   freeze    nothing is known, `hold`; or Belay withholds the value, whatever the trigger says
 *   restart   nothing is known, `reset`
 *
 * and then moves the alert:
 *
 *   inactive  breach → pending, from this sample on; or firing at once, where the window asks for nothing more
 *   pending   breach → counts; firing as soon as the window is full
 *             clear → inactive; with a share window pending, until the window is over
 *             restart → inactive
 *             freeze → as it was; inactive once nothing was known for longer than the window is long
 *   firing    breach → firing
 *             clear, restart → inactive, cleared; with `keepFiringFor` once it was seen to be clear for so long in one go
 *             freeze → firing, however long: an alert is never cleared by blindness
 *
 * A `for` window is full when the time between breaching samples adds up to it. The time between two of them counts if
 * they are at most 1.5 intervals apart; a longer gap (blindness, downtime, a missed tick) adds nothing. It is the time
 * of the samples that counts, never the time at which they were looked at. A `consecutive` window counts breaching
 * slot samples; what is asked between two slots is no further one. What a share window counts is said in
 * share-window.ts. A trigger with `minSamples` or `trend` begins to fire at the first breaching sample at which these
 * are met besides.
 *
 * Time only goes forward: a sample that is not newer than what the window has judged is ignored. But when such samples
 * keep coming for more than 1.5 intervals of their own time, the clock was set back, and the window begins anew there.
 */
import { conditionHolds } from '../source/condition.js';
import type { Labels, NoDataReason, Sample, WithheldReason } from '../source/sample.js';
import type { Alert, AlertState, RecentSample, WindowProgress } from './alert.js';
import type { Trigger, UnknownPolicy } from './trigger.js';
import { emptyWindow, isContinuous, isFull, isOver, type TickKind, windowLengthMs, withBreach, withClear, withoutHistory } from './window.js';

export type Verdict = 'breach' | 'clear' | 'freeze' | 'restart';

/** An alert of which nothing is known yet. `labels` are the alert's, `fingerprint` is its series'. */
export function newAlert(trigger: Trigger, labels: Labels, fingerprint: string): Alert {
  return { trigger: trigger.name, target: trigger.target, labels, fingerprint, state: 'inactive', health: 'unknown', window: emptyWindow };
}

/** The alert after one more sample of its series. */
export function advanceAlert(trigger: Trigger, alert: Alert, sample: Sample, tick: TickKind): Alert {
  const verdict = verdictOn(trigger, alert.state, sample);
  const { judgedAt = -Infinity, behindSince = sample.at } = alert.window;
  if (sample.at < judgedAt) {
    const firstBehindAt = Math.min(behindSince, sample.at);
    if (isContinuous(trigger, firstBehindAt, sample.at)) return { ...alert, window: { ...alert.window, behindSince: firstBehindAt } };
    return move(trigger, beginAnew(alert), sample, verdict, tick);
  }
  const newestAt = verdict === 'freeze' ? Math.max(judgedAt, alert.lastSample?.at ?? -Infinity) : judgedAt;
  return sample.at <= newestAt ? alert : move(trigger, alert, sample, verdict, tick);
}

/** What a sample says of an alert in the given state. */
export function verdictOn(trigger: Trigger, state: AlertState, sample: Sample): Verdict {
  if (isWithheld(sample)) return 'freeze';
  if (!isKnown(sample)) return policyVerdicts[sample.kind === 'error' ? trigger.onError : trigger.onNoData];
  if (state === 'firing' && trigger.clearCondition !== undefined) {
    return conditionHolds(trigger.clearCondition, sample.value) ? 'clear' : 'breach';
  }
  return conditionHolds(trigger.condition, sample.value) ? 'breach' : 'clear';
}

const policyVerdicts = { hold: 'freeze', reset: 'restart', breach: 'breach' } as const satisfies Record<UnknownPolicy, Verdict>;

export function isKnown(sample: Sample): sample is Extract<Sample, { kind: 'value' }> {
  return sample.kind === 'value' && !Number.isNaN(sample.value);
}

/** Whether the source has answered and Belay itself withholds the value: never a breach and never OK. */
export function isWithheld(sample: Sample): boolean {
  return sample.kind === 'no-data' && isWithheldReason[sample.reason];
}

const isWithheldReason = {
  'too-little-traffic': true,
  'no-baseline': true,
  'members-unknown': true,
  'nothing-received': true,
  unconfirmable: true,
  empty: false,
  nan: false,
  'too-few-samples': false,
} as const satisfies Record<WithheldReason, true> & Record<Exclude<NoDataReason, WithheldReason>, false>;

function move(trigger: Trigger, alert: Alert, sample: Sample, verdict: Verdict, tick: TickKind): Alert {
  const seen = withSample(alert, sample);
  const unknownSince = isKnown(sample) ? undefined : (alert.window.unknownSince ?? sample.at);
  const tooLong = alert.state === 'pending' && blindForTooLong(trigger, alert.window, sample.at);
  const current = tooLong ? beginAnew(seen) : seen;
  switch (verdict) {
    case 'breach':
      return breached(trigger, current, sample, { ...withBreach(trigger, current.window, sample, tick), unknownSince });
    case 'clear':
    case 'restart':
      return cleared(trigger, current, verdict, sample, { ...withClear(trigger, current.window, sample, tick), unknownSince });
    case 'freeze':
      return { ...current, window: { ...current.window, judgedAt: alert.window.judgedAt, behindSince: undefined, unknownSince } };
    default:
      throw new TypeError(`unknown verdict ${String(verdict satisfies never)}`);
  }
}

function breached(trigger: Trigger, alert: Alert, { at }: Sample, window: WindowProgress): Alert {
  const begun = { ...alert, activeAt: alert.activeAt ?? at };
  if (alert.state === 'firing') return { ...begun, window: withoutHistory(window) };
  return isFull(trigger, window) ? { ...begun, state: 'firing', firedAt: at, window: withoutHistory(window) } : { ...begun, state: 'pending', firedAt: undefined, window };
}

function cleared(trigger: Trigger, alert: Alert, verdict: Verdict, { at }: Sample, window: WindowProgress): Alert {
  if (alert.state === 'firing' && (window.clearMs ?? 0) < (trigger.keepFiringForMs ?? 0)) return { ...alert, window: withoutHistory(window) };
  if (alert.state === 'pending' && verdict === 'clear' && !isOver(trigger, window)) return { ...alert, window };
  return {
    ...alert,
    state: 'inactive',
    activeAt: undefined,
    clearedAt: alert.state === 'firing' ? at : alert.clearedAt,
    window: { ...emptyWindow, judgedAt: at, unknownSince: window.unknownSince },
  };
}

/** Forgets what the window has counted. A firing alert goes on firing: it is the way there that begins anew. */
function beginAnew(alert: Alert): Alert {
  return alert.state === 'firing' ? { ...alert, window: emptyWindow } : { ...alert, state: 'inactive', activeAt: undefined, window: emptyWindow };
}

/** As many show how it came to this. */
const RECENT_SAMPLES = 8;

/** What range data tells of a gap takes the place of what was not known in it. */
function withSample(alert: Alert, sample: Sample): Alert {
  const earlier = (alert.recent ?? []).filter(({ at }) => at < sample.at);
  const recent = [...earlier.slice(1 - RECENT_SAMPLES), recentSample(sample)];
  return isKnown(sample)
    ? { ...alert, health: 'ok', lastSample: sample, recent, lastValue: { at: sample.at, value: sample.value } }
    : { ...alert, health: 'err', lastSample: sample, recent };
}

function recentSample(sample: Sample): RecentSample {
  switch (sample.kind) {
    case 'value':
      return Number.isNaN(sample.value) ? { at: sample.at, unknown: 'nan' } : { at: sample.at, value: sample.value };
    case 'stale':
      return { at: sample.at, unknown: 'stale' };
    case 'no-data':
    case 'error':
      return { at: sample.at, unknown: sample.reason };
    default:
      return sample satisfies never;
  }
}

function blindForTooLong(trigger: Trigger, { judgedAt }: WindowProgress, at: number): boolean {
  return judgedAt !== undefined && !isContinuous(trigger, judgedAt, at) && at - judgedAt > windowLengthMs(trigger);
}
