import { isDeepStrictEqual } from 'node:util';
import { BelayError } from '../../fault/belay-error.js';
import { sweepAttempt } from '../../process/run-command.js';
import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepDescription, StepState } from '../../rollback/step-executor.js';
import { askVerifyCommand, runProviderCommandWell, type CommandPlace } from '../calls/provider-command.js';
import { readParameters } from '../read-parameters.js';
import type { StepParameters } from '../step-parameters.js';

/** Runs a program with its arguments. With `verify`, it is run only where `verify` does not say that all is as wanted, and must be so afterwards. */
export class CommandExecutor implements RollbackStepExecutor {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async execute(step: RollbackStep, _context: RollbackContext, told?: AbortSignal, attempt?: StepAttempt): Promise<void> {
    const signal = told ?? new AbortController().signal;
    signal.throwIfAborted();
    const parameters = readParameters('command', step);
    if ((await this.#ask(parameters, signal)).state === 'applied') return;
    await runProviderCommandWell(parameters.command, this.#place(parameters), undefined, { signal, attemptId: attempt?.id, onOutput: attempt?.output });
    if (parameters.verify === undefined) return;
    const { state, problem } = await this.#ask(parameters, signal);
    if (state === 'applied') return;
    throw new BelayError('state-not-as-wanted', `${parameters.command.join(' ')} ran, but ${parameters.verify.join(' ')} says ${problem ?? state}`, { context: { expected: 'applied', actual: state } });
  }

  async describe(step: RollbackStep, _context: RollbackContext, signal: AbortSignal): Promise<StepDescription> {
    const parameters = readParameters('command', step);
    const { state } = await this.#ask(parameters, signal);
    const line = commandText(parameters.command);
    return state === 'applied' ? { summary: `already as wanted, without ${line}` } : { summary: `run ${line}` };
  }

  async state(step: RollbackStep, _context: RollbackContext, signal: AbortSignal): Promise<StepState> {
    return (await this.#ask(readParameters('command', step), signal)).state;
  }

  /** With an `undo`: whether the command had anything to do. */
  async capture(step: RollbackStep, _context: RollbackContext, signal: AbortSignal): Promise<unknown> {
    const parameters = readParameters('command', step);
    return parameters.undo === undefined ? undefined : { state: (await this.#ask(parameters, signal)).state };
  }

  /** Runs the step's `undo`. With `verify`, only where that still says that all is as the command had made it. */
  undoing(captured: unknown): RollbackStepExecutor {
    const wasSo = isDeepStrictEqual(captured, { state: 'applied' });
    const undoOf = (step: RollbackStep): StepParameters<'command'> & { readonly undo: string[] } => {
      const parameters = readParameters('command', step);
      const { command, undo } = parameters;
      if (undo === undefined || wasSo) throw new BelayError('undo-impossible', wasSo ? `${commandText(command)} had nothing to do, so there is nothing to put back` : `${commandText(command)} declares no undo`);
      return { ...parameters, undo };
    };
    const refuseDrift = async (parameters: StepParameters<'command'>, signal: AbortSignal): Promise<void> => {
      if (parameters.verify === undefined) return;
      const { state, problem } = await this.#ask(parameters, signal);
      if (state === 'applied') return;
      throw new BelayError('state-drifted', `${commandText(parameters.verify)} says that all is no longer as ${commandText(parameters.command)} had made it: ${problem ?? state}`, { context: { expected: 'applied', actual: state } });
    };
    return {
      execute: async (step, _context, told, attempt) => {
        const signal = told ?? new AbortController().signal;
        const parameters = undoOf(step);
        await refuseDrift(parameters, signal);
        await runProviderCommandWell(parameters.undo, this.#place(parameters), undefined, { signal, attemptId: attempt?.id, onOutput: attempt?.output });
      },
      describe: async (step, _context, signal) => {
        const parameters = undoOf(step);
        await refuseDrift(parameters, signal);
        return { summary: `run ${commandText(parameters.undo)}` };
      },
      sweep: (attemptId) => this.sweep(attemptId),
    };
  }

  async sweep(attemptId: string): Promise<void> {
    await sweepAttempt(attemptId);
  }

  async #ask(parameters: StepParameters<'command'>, signal: AbortSignal): Promise<{ state: StepState; problem?: string }> {
    if (parameters.verify === undefined) return { state: 'unknown' };
    return await askVerifyCommand(parameters.verify, this.#place(parameters), undefined, signal);
  }

  #place({ cwd, env }: StepParameters<'command'>): CommandPlace {
    return { directory: this.#directory, cwd, env };
  }
}

function commandText(argv: readonly string[]): string {
  return argv.map((argument) => (/^[\w./:=@%+,-]+$/.test(argument) ? argument : JSON.stringify(argument))).join(' ');
}
