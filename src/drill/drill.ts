import type { DrillSubject } from '../incident/drill-event.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { CronSchedule } from '../time/cron-schedule.js';
import type { Labels } from '../source/sample.js';

/** A drill as the files declare it, or as somebody asks for it. Durations in milliseconds. */
export interface Drill extends DrillSubject {
  /** Absent for one that is started by hand only. */
  readonly schedule?: CronSchedule | undefined;
  /** How long before it is due the team is told; 0: only when it begins. */
  readonly announceMs: number;
  /** How long all of it takes as it is documented; without it, what the plan or the target says. */
  readonly withinMs?: number | undefined;
  /** Absolute: another belay.yaml, whose systems are really changed. Without it, a dry run. */
  readonly against?: string | undefined;
  /** Absolute: the file that says what `${env:…}` means in the files of `against`; without it, what it means here. */
  readonly settings?: string | undefined;
  /** For a backup: whose `rpo` and `rto` count. */
  readonly target?: string | undefined;
  /** What a plan's `${labels.…}` are filled with. */
  readonly labels: Labels;
  /** For communication: people and groups; without any, whom the channels tell anyway. */
  readonly recipients: readonly string[];
}

/** What keeps drills of one subject apart from those of others. */
export function drillKey({ kind, name }: DrillSubject): string {
  return `${kind} ${name}`;
}

/** `drill of plan checkout-flag-off`. */
export function drillText({ kind, name }: DrillSubject): string {
  return kind === 'plan' ? `drill of plan ${name}` : kind === 'backup' ? `drill of the backup of ${name}` : `drill of communication ${name}`;
}

/** What is typed to hold it. */
export function drillCommand({ kind, name }: DrillSubject): string {
  const word = /\s/.test(name) ? JSON.stringify(name) : name;
  return kind === 'plan' ? `belay drill ${word}` : `belay drill --${kind} ${word}`;
}

/** The plans that Belay may start by itself: what people rely on unseen is to be practised. */
export function plansToDrill(plans: readonly Pick<RollbackPlan, 'id' | 'target' | 'level'>[]): readonly DrillSubject[] {
  return plans.flatMap(({ id: name, target, level }) => (target === undefined || level === undefined ? [] : [{ kind: 'plan', name }]));
}
