import type { Config } from '../config/config.js';
import { createExecutors } from '../executor/create-executors.js';
import type { BackupRehearsal } from '../drill/backup-drill.js';
import { createBackupJudge } from '../executor/data/backup-judge.js';
import { createBackupRehearsal } from '../executor/data/backup-rehearsal.js';
import type { ApprovalGate } from '../executor/steps/approval-gate.js';
import type { PlanNotifier } from '../executor/steps/plan-notifier.js';
import { BelayError } from '../fault/belay-error.js';
import { runCommand } from '../process/run-command.js';
import type { RollbackStepExecutor } from '../rollback/step-executor.js';
import type { BackupJudge, CheckRunner } from '../source/check.js';
import { createCheckRunner } from '../source/check-runner.js';
import { onlyAlertmanager } from '../source/create-sources.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import { recoveryPoints } from './recovery-points.js';

export interface EquipmentPorts {
  readonly sources: ReadonlyMap<string, Source>;
  readonly clock: Clock;
  /** How steps tell and ask people. */
  readonly people: { readonly planNotifier: PlanNotifier; readonly approvalGate: ApprovalGate };
}

/** What looks and what acts for one configuration, by its bindings. */
export interface Equipment {
  readonly checks: CheckRunner;
  readonly backups: BackupJudge;
  readonly rehearsal: BackupRehearsal;
  /** By step type. */
  readonly executors: ReadonlyMap<string, RollbackStepExecutor>;
}

export function equipmentOf(config: Config, { sources, clock, people }: EquipmentPorts): Equipment {
  const { bindings, directory, plugins } = config;
  const recoveryPointMs = recoveryPoints(config);
  const data = { databases: bindings.databases, directory, clock, recoveryPointMs };
  const backups = createBackupJudge(data);
  const checks = createCheckRunner({ sources, alertmanager: onlyAlertmanager(config.sources), clock, backups, runCommand: (request) => runCommand({ cwd: directory, ...request }) });
  const executors = createExecutors({ bindings, directory, checkRunner: checks, ...people, clock, plugins, recoveryPointMs });
  return { checks, backups, rehearsal: createBackupRehearsal(data), executors };
}

/** For whoever only looks: nobody is told or asked anything. */
export const nobody: EquipmentPorts['people'] = {
  planNotifier: { enqueue: refuse },
  approvalGate: { ask: refuse, describe: namedRule },
};

/** For what runs in earnest and leaves people in peace. */
export const silence: EquipmentPorts['people'] = {
  planNotifier: { enqueue: () => Promise.resolve() },
  approvalGate: { ask: () => Promise.resolve(), describe: namedRule },
};

function refuse(): Promise<never> {
  return Promise.reject(new BelayError('conflict', 'nobody is told or asked while something is only looked at'));
}

function namedRule(rule: unknown): string {
  return typeof rule === 'string' ? rule : 'those whom the step names';
}
