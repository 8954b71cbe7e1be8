import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { RollbackStart, RollbackView } from '../../http/guard-api.js';
import type { DaemonClient } from '../daemon-client.js';
import { daemonOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { instant } from '../instant-text.js';
import { Output } from '../output.js';

const LOOK_EVERY_MS = 500;

interface RollbackOptions {
  readonly target?: string;
  readonly level?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** `belay rollback` and `belay cancel`. */
export function rollbackCommands(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('rollback')
    .argument('[plan]', 'a plan by its id, instead of --target and --level')
    .description('start a rollback by hand and follow it to its verification')
    .option('--target <name>', 'the target')
    .option('--level <number>', '1 to 5', level)
    .option('--reason <text>', 'why; it stands on the incident')
    .option('--dry-run', 'read every real state and tell what would be done')
    .option('--no-wait', 'do not follow it')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExamples:\n  belay rollback checkout-flag-off --reason "orders fail"\n  belay rollback --target checkout --level 3 --reason "v42 is broken"')
    .action(async (plan: string | undefined, options: RollbackOptions, command: Command) => {
      const { reason, dryRun = false } = options;
      if (plan === undefined && reason === undefined) throw new BelayError('wrong-use', '--target and --level need a --reason as well');
      const daemon = await daemonOf(command);
      const started = await daemon.post<RollbackStart>('/api/v1/rollbacks', { ...wanted(plan, options), reason, dryRun });
      const output = new Output();
      if (started.approvalId !== undefined) {
        const { approvalId, missing = [], expiresAt = 0 } = started;
        output.talk(`nothing has started: it takes ${missing.join(' and ')} by ${instant(expiresAt)}\nto approve: belay approve ${approvalId}`);
        output.done(options, approvalId, started);
        return;
      }
      output.talk(`started ${started.executionId} on incident ${started.incidentId}`);
      if (!options.wait) {
        if (options.json === true) output.json(started);
        else output.answer(started.executionId);
        return;
      }
      const ended = await follow(daemon, started.executionId, output);
      if (options.json === true) output.json(ended);
      else output.answer(endText(ended));
      done(isWell(ended) ? exitCodes.ok : exitCodes.bad);
    });

  program
    .command('cancel')
    .argument('<run>', 'the rollback')
    .description('stop a rollback or its verification; the step in hand is ended first')
    .option('--json', 'for scripts')
    .action(async (run: string, options: { json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post(`/api/v1/rollbacks/${encodeURIComponent(run)}/cancel`);
      new Output().done(options, `cancelled ${run}`, { cancelled: run });
    });
}

function wanted(plan: string | undefined, { target, level: number }: RollbackOptions): Record<string, unknown> {
  if (plan !== undefined && target === undefined && number === undefined) return { plan };
  if (plan === undefined && target !== undefined && number !== undefined) return { target, level: number };
  throw new BelayError('wrong-use', 'name either a plan, or --target and --level');
}

/** Tells each step as it goes, and resolves when the verification is over too. */
async function follow(daemon: DaemonClient, executionId: string, output: Output): Promise<RollbackView> {
  const told = new Set<string>();
  const tell = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    output.talk(line);
  };
  for (;;) {
    const rollback = await daemon.get<RollbackView>(`/api/v1/rollbacks/${encodeURIComponent(executionId)}`);
    for (const step of rollback.steps) {
      if (step.status !== 'waiting') tell(`  ${step.status}: ${step.name}${step.description === undefined ? '' : ` — ${step.description.summary}`}${step.error === undefined ? '' : ` — ${step.error}`}`);
    }
    const { outcome, verification } = rollback;
    if (verification !== undefined && verification.result === undefined) tell('  verifying …');
    const verified = verification?.result !== undefined || outcome === 'would-have' || outcome === 'cancelled' || outcome === 'parked';
    if (outcome !== undefined && (verified || (await isSettled(daemon, rollback)))) return rollback;
    await sleep(LOOK_EVERY_MS);
  }
}

/** A plan that nothing is declared to verify by ends with its incident, or with a person being asked. */
async function isSettled(daemon: DaemonClient, { incidentId }: RollbackView): Promise<boolean> {
  const { status } = await daemon.get<{ status: string }>(`/api/v1/incidents/${encodeURIComponent(incidentId)}`);
  return status === 'needs-human' || status === 'recovered' || status === 'closed';
}

function isWell({ outcome, verification }: RollbackView): boolean {
  if (outcome === 'would-have') return true;
  return verification?.result === undefined ? outcome === 'success' : verification.result.outcome === 'recovered';
}

function endText({ outcome, verification, error }: RollbackView): string {
  const verified = verification?.result === undefined || verification.result.outcome === 'skipped' ? '' : `; ${verification.result.outcome}: ${verification.result.explanation}`;
  return `${outcome ?? 'under way'}${error === undefined ? '' : ` (${error})`}${verified}`;
}

function level(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 5) throw new InvalidArgumentError('a level is 1, 2, 3, 4 or 5');
  return number;
}
