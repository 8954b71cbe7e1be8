import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { RollbackStart, RollbackView } from '../../http/guard-api.js';
import type { StepPreview } from '../../rollback/plan-description.js';
import { systemClock } from '../../time/clock.js';
import { daemonOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { endText, follow, isWell } from '../follow-rollback.js';
import { Output } from '../output.js';
import { stepsText } from '../plan-text.js';
import { tellStarted } from '../started-text.js';

const LOOK_EVERY_MS = 1_000;
/** A round of checks may outlast the timeout of the verification. */
const GRACE_MS = 30_000;

interface UndoOptions {
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** `belay undo RUN` and `belay verify RUN`. */
export function undoCommands(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('undo')
    .argument('<run>', 'the rollback')
    .description('put back what a rollback has changed, in reverse order, and follow it to its verification')
    .option('--reason <text>', 'why; it stands on the incident')
    .option('--dry-run', 'tell what would be put back')
    .option('--no-wait', 'do not follow it')
    .option('--json', 'for scripts')
    .action(async (run: string, { reason, dryRun, wait, json }: UndoOptions, command: Command) => {
      const daemon = await daemonOf(command);
      const output = new Output();
      const path = `/api/v1/rollbacks/${encodeURIComponent(run)}/undo`;
      if (dryRun === true) {
        const preview = await daemon.post<{ steps: readonly StepPreview[] }>(path, { dryRun });
        if (json === true) output.json(preview);
        else output.answer(stepsText(preview.steps, output));
        done(preview.steps.some(({ error }) => error !== undefined) ? exitCodes.bad : exitCodes.ok);
        return;
      }
      const started = await daemon.post<RollbackStart>(path, { reason });
      if (tellStarted(started, { json }, output)) return;
      if (!wait) {
        output.done({ json }, started.executionId, started);
        return;
      }
      const ended = await follow(daemon, started.executionId, output);
      output.done({ json }, endText(ended), ended);
      done(isWell(ended) ? exitCodes.ok : exitCodes.bad);
    });

  program
    .command('verify')
    .argument('<run>', 'the rollback')
    .description("run the plan's verification again and tell")
    .option('--json', 'for scripts')
    .action(async (run: string, { json }: { json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      const output = new Output();
      const path = `/api/v1/rollbacks/${encodeURIComponent(run)}`;
      const { verificationId, timeoutMs } = await daemon.post<{ verificationId: string; timeoutMs: number }>(`${path}/verify`);
      output.talk('verifying …');
      for (const deadlineAt = systemClock.now() + timeoutMs + GRACE_MS; systemClock.now() < deadlineAt; ) {
        const { repeatedVerifications = [] } = await daemon.get<RollbackView>(path);
        const verification = repeatedVerifications.find(({ id }) => id === verificationId);
        if (verification !== undefined) {
          const { result } = verification;
          output.done({ json }, `${result.outcome}: ${result.explanation}`, verification);
          done(result.outcome === 'recovered' ? exitCodes.ok : exitCodes.bad);
          return;
        }
        await sleep(LOOK_EVERY_MS);
      }
      throw new BelayError('conflict', `there is no result of ${verificationId}: the daemon has stopped meanwhile, or could not write it down`);
    });
}
