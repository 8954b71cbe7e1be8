import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorText } from '../fault/belay-error.js';
import { drillKinds } from '../incident/drill-event.js';
import { readSettingsFile } from '../secret/settings-file.js';
import { systemClock } from '../time/clock.js';
import { nextAt } from '../time/cron-schedule.js';
import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { listOf, recordOf } from './check-schema.js';
import { drillSchema } from './drill-schema.js';
import type { PlanPart } from './plans-part.js';
import type { Path, Problem } from './problem.js';
import { sharedSettings } from './shared-settings.js';

/** What the schema cannot see of `drills`: whether there is what they practise. `plansComplete`: every file of plans could be read. */
export function checkDrills(belay: BelayPart, plans: readonly PlanPart[], plansComplete: boolean): readonly Problem[] {
  const { document, targets } = belay;
  const planIds = plansComplete ? new Map(plans.flatMap((plan) => (typeof plan.written['id'] === 'string' ? [[plan.written['id'], plan] as const] : []))) : undefined;
  const seen = new Set<string>();
  return listOf(recordOf(document.data)['drills']).flatMap((entry, index) => {
    const path: Path = ['drills', index];
    const written = recordOf(entry);
    const kind = drillKinds.find((key) => written[key] !== undefined);
    const subject = `${kind ?? ''} ${String(written[kind ?? ''])}`;
    const isSecond = kind !== undefined && seen.has(subject);
    seen.add(subject);
    return [
      ...(isSecond ? [document.problem([...path, kind], `another drill is of ${subject}`, { hint: 'one entry for each; its cron can name several times' })] : []),
      ...checkKnown(document, [...path, 'plan'], written['plan'], planIds, 'plan', 'plans/'),
      ...checkKnown(document, [...path, 'backup'], written['backup'], belay.bindings.databases, 'database', 'belay.yaml'),
      ...checkKnown(document, [...path, 'target'], written['target'], targets, 'target', 'belay.yaml'),
      ...checkRecipients(belay, path, written['recipients']),
      ...checkAgainst(belay, path, written, planIds?.get(String(written['plan']))),
      ...(written['against'] === undefined ? [] : checkSettings(belay, path, written['settings'])),
      ...checkSchedule(belay, path, entry),
    ];
  });
}

function checkRecipients({ document, people }: BelayPart, path: Path, recipients: unknown): readonly Problem[] {
  if (people === undefined) return [];
  const known = new Map([...people].flatMap(([name, person]) => [name, ...(person?.groups ?? [])].map((word) => [word, true] as const)));
  return listOf(recipients).flatMap((name, index) => checkKnown(document, [...path, 'recipients', index], name, known, 'person or group', '"people"'));
}

function checkAgainst({ document }: BelayPart, path: Path, { against, settings }: Readonly<Record<string, unknown>>, plan: PlanPart | undefined): readonly Problem[] {
  if (typeof against !== 'string' || against === '') return [];
  const file = resolve(dirname(document.file), against);
  if (file === resolve(document.file)) return [document.problem([...path, 'against'], 'is this file itself, whose systems a drill must not change', { hint: 'leave it out for a dry run, or name the belay.yaml of staging' })];
  if (!existsSync(file)) return [document.problem([...path, 'against'], `there is no file ${against}`, { hint: 'write the path of the belay.yaml of staging, from the folder of this one on' })];
  const shared = settings === undefined ? sharedSettings(document.file, file, plan?.written['steps']) : [];
  if (shared.length === 0) return [];
  const names = shared.map((name) => `\${env:${name}}`).join(', ');
  return [document.problem([...path, 'against'], `${names} ${shared.length === 1 ? 'means there what it means' : 'mean there what they mean'} here: the drill may reach the systems of here`, { severity: 'warning', hint: 'name the file with the values of there: settings: ../staging/settings.env' })];
}

function checkSettings({ document }: BelayPart, path: Path, settings: unknown): readonly Problem[] {
  if (typeof settings !== 'string' || settings === '') return [];
  const file = resolve(dirname(document.file), settings);
  try {
    readSettingsFile(file);
    return [];
  } catch (error) {
    return [document.problem([...path, 'settings'], errorText(error).replace(file, settings), { hint: 'name a file of lines NAME=value, from the folder of this one on' })];
  }
}

function checkSchedule({ document }: BelayPart, path: Path, entry: unknown): readonly Problem[] {
  const drill = drillSchema.safeParse(entry).data;
  if (drill === undefined || nextAt(drill, systemClock.now()) !== undefined) return [];
  return [document.problem([...path, 'cron'], `"${drill.cron}" names no day within eight years`)];
}
