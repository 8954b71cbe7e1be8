/**
 * What Alertmanager's messages say of one alert, a set of labels. An episode is one stretch of firing, known by its
 * beginning (`startsAt`). Messages come at least once, in any order, from several replicas, and a retried one is the
 * snapshot of its first try. So each is read as evidence about an episode:
 *
 *   firing    of an alert that is not known, or whose last episode ended before this one began: an episode begins
 *             of the episode that is under way: heard again
 *             of an episode that is known to have ended: a late snapshot, which says nothing; unless it still comes
 *             when every retry must be over: then the alert fires again, and whoever said it had ended was wrong
 *   resolved  of the episode that is under way, or of an alert that is not known: it has ended
 *             of a later one than has ended, whose firing was not heard: that one has ended too
 *             of an earlier one: late, and says nothing
 *
 * What is not in a message says nothing at all, whether it was cut off (`truncatedAlerts`) or not.
 */
import { createHash } from 'node:crypto';
import type { Labels } from './sample.js';

/** One alert of one message. Instants in milliseconds since the epoch. */
export interface AlertNotice {
  readonly status: 'firing' | 'resolved';
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: number;
  /** Only of a resolved one. */
  readonly endsAt?: number | undefined;
  readonly generatorUrl?: string | undefined;
}

/** One message of an Alertmanager, as far as Belay goes by it. */
export interface AlertMessage {
  readonly groupKey: string;
  readonly receiver: string;
  readonly externalUrl?: string | undefined;
  /** How many alerts of the group the sender has cut off. */
  readonly truncatedAlerts: number;
  readonly alerts: readonly AlertNotice[];
}

export interface ReceivedAlert {
  /** The identity of the labels. */
  readonly key: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly status: 'firing' | 'resolved';
  readonly startsAt: number;
  /** When the episode ended; there as soon as it is resolved. */
  readonly endsAt?: number | undefined;
  /** When the first message of this status came, and when the newest did, by Belay's own clock. */
  readonly firstReceivedAt: number;
  readonly lastReceivedAt: number;
  readonly generatorUrl?: string | undefined;
  /** The address under which the sending Alertmanager is known. */
  readonly externalUrl?: string | undefined;
}

export const noticeEffects = ['began', 'heard-again', 'ended', 'late'] as const;
export type NoticeEffect = (typeof noticeEffects)[number];

/** A sender retries for its group interval (5 minutes unless told otherwise); what is older than twice that is no retry. */
const RETRIES_ARE_OVER_MS = 600_000;

export function foldNotice(before: ReceivedAlert | undefined, notice: AlertNotice, externalUrl: string | undefined, now: number): { readonly alert: ReceivedAlert; readonly effect: NoticeEffect } {
  return notice.status === 'firing' ? foldFiring(before, notice, externalUrl, now) : foldResolved(before, notice, externalUrl, now);
}

function foldFiring(before: ReceivedAlert | undefined, notice: AlertNotice, externalUrl: string | undefined, now: number): ReturnType<typeof foldNotice> {
  const begun = { ...described(notice, externalUrl), status: 'firing', startsAt: notice.startsAt, firstReceivedAt: now, lastReceivedAt: now } as const;
  if (before === undefined) return { alert: begun, effect: 'began' };
  if (before.status === 'firing') {
    // The newest episode counts: a late snapshot of an earlier one must not let that one's end pass for the end of this.
    const newest = notice.startsAt < before.startsAt ? before : begun;
    return { alert: { ...newest, firstReceivedAt: before.firstReceivedAt, lastReceivedAt: now }, effect: 'heard-again' };
  }
  const hasEnded = notice.startsAt <= (before.endsAt ?? before.firstReceivedAt);
  if (hasEnded && now - before.firstReceivedAt <= RETRIES_ARE_OVER_MS) return { alert: before, effect: 'late' };
  return { alert: begun, effect: 'began' };
}

function foldResolved(before: ReceivedAlert | undefined, notice: AlertNotice, externalUrl: string | undefined, now: number): ReturnType<typeof foldNotice> {
  const endsAt = notice.endsAt ?? now;
  const isLaterEpisode = notice.startsAt > (before?.endsAt ?? Infinity);
  if (before?.status === 'resolved' && !isLaterEpisode) {
    return { alert: { ...before, endsAt: Math.max(before.endsAt ?? endsAt, endsAt), lastReceivedAt: now }, effect: 'heard-again' };
  }
  if (before !== undefined && endsAt < before.startsAt) return { alert: before, effect: 'late' };
  return { alert: { ...described(notice, externalUrl), status: 'resolved', startsAt: isLaterEpisode ? notice.startsAt : (before?.startsAt ?? notice.startsAt), endsAt, firstReceivedAt: now, lastReceivedAt: now }, effect: 'ended' };
}

function described({ labels, annotations, generatorUrl }: AlertNotice, externalUrl: string | undefined): Pick<ReceivedAlert, 'key' | 'labels' | 'annotations' | 'generatorUrl' | 'externalUrl'> {
  return { key: alertKey(labels), labels, annotations, generatorUrl, externalUrl };
}

/** The identity of a set of labels, in any order. The sender's own fingerprint is not gone by: anybody may write one. */
export function alertKey(labels: Labels): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}
