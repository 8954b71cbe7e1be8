import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { PlanDescription, PlanSummary } from '../../rollback/plan-description.js';
import { configFileOf, daemonOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';
import { plansText, planText } from '../plan-text.js';

/** `belay plan [PLAN]`: what each step would change, from the real state. */
export function planCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('plan')
    .argument('[plan]', 'a plan by its id; without it, all are listed')
    .description('read every real state and tell what each step of a plan would change')
    .option('--local', 'read the files at --config, without asking a daemon')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nAsks the running daemon, and reads the files itself where none answers. Exit code 1 when a step cannot be told.')
    .action(async (id: string | undefined, options: { local?: boolean; json?: boolean }, command: Command) => {
      const output = new Output();
      const { plans, described } = await ask(id, options.local === true, command, output);
      if (described === undefined) {
        if (options.json === true) output.json({ plans });
        else output.answer(plans.length === 0 ? 'no plans' : plansText(plans, output));
        return;
      }
      if (options.json === true) output.json(described);
      else output.answer(planText(described, output));
      done(described.steps.some(({ error }) => error !== undefined) ? exitCodes.bad : exitCodes.ok);
    });
}

interface Answer {
  readonly plans: readonly PlanSummary[];
  readonly described?: PlanDescription | undefined;
}

async function ask(id: string | undefined, isLocal: boolean, command: Command, output: Output): Promise<Answer> {
  const file = configFileOf(command);
  if (isLocal) return readLocally(file, id);
  try {
    const daemon = await daemonOf(command);
    if (id === undefined) return await daemon.get<Answer>('/api/v1/plans');
    return { plans: [], described: await daemon.get<PlanDescription>(`/api/v1/plans/${encodeURIComponent(id)}`) };
  } catch (error) {
    const { BELAY_URL = '' } = process.env;
    if (!(error instanceof BelayError) || error.code !== 'daemon-unreachable' || BELAY_URL !== '') throw error;
    output.talk(`no daemon answers, so ${file} is read; versions marked good are not known`);
    return readLocally(file, id);
  }
}

/** Loads the daemon's parts only here: they take longer to load than a running daemon takes to answer. */
async function readLocally(file: string, id: string | undefined): Promise<Answer> {
  const { describePlanOf } = await import('../../daemon/describe-plan.js');
  return describePlanOf(resolve(file), id);
}
