import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { DrillRunView, DrillView } from '../../http/drill-api.js';
import { systemClock } from '../../time/clock.js';
import { daemonOf } from '../context.js';
import type { DaemonClient } from '../daemon-client.js';
import { drillEndText, drillRows, drillStepText } from '../drill-text.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';

interface DrillOptions {
  readonly backup?: string;
  readonly communication?: string;
  readonly dryRun?: boolean;
  readonly cancel?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 500;

/** `belay drill`. */
export function drillCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('drill')
    .argument('[plan]', 'the plan to practise; without one, what is practised is listed')
    .description('practise a plan, a backup or the ways to people, and follow it to its end')
    .option('--backup <database>', 'verify the newest backup of an entry of databases, and restore it where nobody uses it')
    .option('--communication <name>', 'send the test message of this drill to every channel')
    .option('--dry-run', 'only read the state, even where the files say against what the plan is run')
    .option('--cancel <run>', 'end a drill that is under way')
    .option('--no-wait', 'do not follow it')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nA plan is walked as a dry run, or really run on the systems of the belay.yaml that its drill names ("against").\nExit code 1 when the drill fails or is cut off.\n\nExamples:\n  belay drill                            what is practised, and how it went last\n  belay drill checkout-flag-off\n  belay drill --backup user-service-db')
    .action(async (plan: string | undefined, options: DrillOptions, command: Command) => {
      const output = new Output();
      const subject = subjectOf(plan, options);
      const daemon = await daemonOf(command);
      if (options.cancel !== undefined) {
        await daemon.post(`/api/v1/drills/${encodeURIComponent(options.cancel)}/cancel`);
        output.done(options, `cancelled ${options.cancel}`, { cancelled: options.cancel });
        return;
      }
      if (subject === undefined) {
        const { drills } = await daemon.get<{ drills: readonly DrillView[] }>('/api/v1/drills');
        output.done(options, drills.length === 0 ? 'nothing is practised: see "drills" in belay.yaml' : output.table(drillRows(drills, systemClock.now(), output)), drills);
        return;
      }
      const started = await daemon.post<{ executionId: string }>('/api/v1/drills', { ...subject, dryRun: options.dryRun === true });
      if (!options.wait) {
        output.done(options, started.executionId, started);
        return;
      }
      const ended = await follow(daemon, started.executionId, output);
      output.done(options, drillEndText(ended, output), ended);
      done(ended.status === 'passed' ? exitCodes.ok : exitCodes.bad);
    });
}

function subjectOf(plan: string | undefined, { backup, communication, cancel }: DrillOptions): Readonly<Record<string, string>> | undefined {
  const named = Object.entries({ plan, backup, communication }).flatMap(([kind, name]) => (name === undefined ? [] : [[kind, name] as const]));
  if (named.length + (cancel === undefined ? 0 : 1) > 1) throw new BelayError('wrong-use', 'name one of a plan, --backup, --communication and --cancel');
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

/** Tells each step once it has ended. */
async function follow(daemon: DaemonClient, executionId: string, output: Output): Promise<DrillRunView> {
  const told = new Set<string>();
  for (;;) {
    const run = await daemon.get<DrillRunView>(`/api/v1/drills/${encodeURIComponent(executionId)}`);
    run.steps.forEach((step, index) => {
      const key = `${index} ${step.status}`;
      if (step.status === 'waiting' || told.has(key)) return;
      told.add(key);
      output.talk(drillStepText(step));
    });
    if (run.status !== 'running') return run;
    await sleep(LOOK_EVERY_MS);
  }
}
