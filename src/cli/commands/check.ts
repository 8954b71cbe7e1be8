import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatProblems, problemsJson } from '../../config/format-problems.js';
import { loadConfig } from '../../config/load-config.js';
import { drillProblems } from '../drill-problems.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';

/** `belay check`: every problem of all files at once. */
export function checkCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('check')
    .description('read belay.yaml, rules/ and plans/ and tell every problem at once')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExit code 1 when there is an error; warnings alone are well.')
    .action(async (options: { json?: boolean }, command: Command) => {
      const result = await loadConfig(resolve(configFileOf(command)));
      const problems = result.ok ? [...result.warnings, ...(await drillProblems(result.config))] : result.problems;
      // The daemon gets over some errors; whoever checks wants to hear of them before it has to.
      const isWell = result.ok && !problems.some(({ severity }) => severity === 'error');
      const output = new Output();
      const cwd = process.cwd();
      if (options.json === true) output.json({ ok: isWell, problems: problemsJson(problems, { cwd }) });
      else {
        if (problems.length > 0) output.answer(formatProblems(problems, { cwd, color: output.colour }).trimEnd());
        output.answer(isWell ? summary(result.config.targets.length, result.config.triggers.length, result.config.plans.length, result.config.mode) : count(problems.filter(({ severity }) => severity === 'error').length, 'error'));
      }
      done(isWell ? exitCodes.ok : exitCodes.bad);
    });
}

function summary(targets: number, triggers: number, plans: number, mode: string): string {
  return `well: ${count(targets, 'target')}, ${count(triggers, 'trigger')}, ${count(plans, 'plan')}, mode ${mode}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
