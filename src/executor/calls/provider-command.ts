import { resolve } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';
import { runCommand, type CommandResult } from '../../process/run-command.js';
import type { StepState } from '../../rollback/step-executor.js';
import type { Effort } from '../state-executor.js';
import { fillTemplate, type TemplateValues } from './template.js';

/** Where a provider's commands run. `directory` is the one that belay.yaml is in. */
export interface CommandPlace {
  readonly directory: string;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const ERROR_OUTPUT_CHARACTERS = 600;

/** Runs an argument list whose templates are filled with the step's values; any exit code is an answer. */
async function runProviderCommand(argv: readonly string[], place: CommandPlace, values: TemplateValues, effort: Effort): Promise<CommandResult> {
  return await runCommand({
    argv: argv.map((argument) => fillTemplate(argument, values)),
    cwd: resolve(place.directory, place.cwd ?? '.'),
    env: Object.fromEntries(Object.entries(place.env ?? {}).map(([name, value]) => [name, fillTemplate(value, values)])),
    signal: effort.signal,
    attemptId: effort.attemptId,
    onOutput: effort.onOutput,
  });
}

/** As above, and throws `command-failed` with the end of what it printed unless it exits with 0. Resolves to its trimmed output. */
export async function runProviderCommandWell(argv: readonly string[], place: CommandPlace, values: TemplateValues, effort: Effort): Promise<string> {
  const result = await runProviderCommand(argv, place, values, effort);
  if (result.exitCode === 0) return result.stdout.trim();
  throw commandFailed(argv[0] ?? '', result);
}

/** Asks a `verify` command, which only reads: 0 is as wanted, 1 is not, anything else cannot tell. */
export async function askVerifyCommand(argv: readonly string[], place: CommandPlace, values: TemplateValues, signal: AbortSignal): Promise<{ state: StepState; problem?: string }> {
  const result = await runProviderCommand(argv, place, values, { signal });
  switch (result.exitCode) {
    case 0:
      return { state: 'applied' };
    case 1:
      return { state: 'not-applied', problem: lastWords(result) || 'verify says no' };
    default:
      return { state: 'unknown', problem: commandFailed(argv[0] ?? '', result).message };
  }
}

export function commandFailed(program: string, result: CommandResult): BelayError {
  const how = result.exitCode === null ? `was ended by ${result.signal ?? 'a signal'}` : `exited with ${result.exitCode}`;
  const words = lastWords(result);
  return new BelayError('command-failed', `${program} ${how}${words === '' ? '' : `: ${words}`}`, { context: { program, exitCode: result.exitCode } });
}

function lastWords(result: CommandResult): string {
  const output = result.stderr.trim() === '' ? result.stdout.trim() : result.stderr.trim();
  return output.length > ERROR_OUTPUT_CHARACTERS ? `… ${output.slice(-ERROR_OUTPUT_CHARACTERS)}` : output;
}
