import { Console } from 'node:console';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { RollbackStepExecutor } from '../../rollback/step-executor.js';
import { systemClock } from '../../time/clock.js';
import { StateExecutor } from '../state-executor.js';
import { stepParameterSchemas } from '../step-parameters.js';
import type { BelayPlugin, PluginProvider } from './plugin.js';
import type { PluginAnswer, PluginCall, PluginQuestion } from './plugin-call.js';
import { checkedBy, importPlugin, manifestOf } from './read-plugin.js';

/**
 * The process that a plugin's code runs in: one question on standard input, one answer on standard output. Whatever the
 * plugin does to its process, it does not do to Belay's, and Belay ends it by ending the process.
 */
async function answerTo({ file, call }: PluginQuestion, signal: AbortSignal): Promise<unknown> {
  // Only now, because node's own arguments may name modules from where Belay was started.
  process.chdir(dirname(file));
  const plugin = await importPlugin(file);
  if (call.type === 'load') return manifestOf(plugin);
  const { method, step, context, attempt } = call;
  const executor = executorOf(plugin, call);
  switch (method) {
    case 'execute':
      await executor.execute(step, context, signal, attempt);
      return undefined;
    case 'ready':
      return await executor.ready?.(step, context, signal);
    case 'capture':
      return await executor.capture?.(step, context, signal);
    case 'state':
      return (await executor.state?.(step, context, signal)) ?? 'unknown';
    case 'describe':
      return (await executor.describe?.(step, context, signal)) ?? { summary: `put back what the ${step.type} step ${step.id} (${step.name}) has changed` };
    default:
      return method satisfies never;
  }
}

/** Checks what the step says, and has the plugin make of it what is to be done. */
function executorOf(plugin: BelayPlugin, { subject: { kind, name, settings }, step, context, directory, undo }: PluginCall & { type: 'step' }): RollbackStepExecutor {
  const executor = kind === 'steps' ? stepExecutor() : providerExecutor(plugin[kind]?.[name] as PluginProvider<'deployment'> | undefined);
  if (undo === undefined) return executor;
  const undoing = executor.undoing?.(undo.captured, undo.left);
  if (undoing === undefined) throw new BelayError('undo-impossible', `a ${step.type} step cannot be put back`);
  return undoing;

  function stepExecutor(): RollbackStepExecutor {
    const part = plugin.steps?.[name];
    if (part === undefined) throw gone();
    const parameters = checkedBy(part.parameters, step.parameters, 'parameters');
    if (part.change === undefined) return part.executor;
    return new StateExecutor(() => part.change({ parameters, context, directory }), systemClock);
  }

  function providerExecutor(part: PluginProvider<'deployment'> | undefined): RollbackStepExecutor {
    if (part === undefined) throw gone();
    const own = checkedBy(part.settings, settings, 'settings');
    const parameters = stepParameterSchemas[step.type as 'deployment'].parse(step.parameters);
    return new StateExecutor(() => part.change({ parameters, settings: own, context, directory }), systemClock);
  }

  function gone(): BelayError {
    return new BelayError('executor-missing', `the plugin does not bring ${kind}.${name} any more; have the configuration read again`);
  }
}

function faultOf(error: unknown): PluginAnswer {
  if (!(error instanceof Error)) return { fault: { name: 'Error', message: errorText(error) } };
  const { code, context } = error as Partial<BelayError>;
  // A plugin that imports belayd has perhaps another copy of the class.
  const isOwn = error.name === 'BelayError' && typeof code === 'string';
  return { fault: { name: error.name, message: errorText(error), ...(isOwn ? { code, context: { ...context } } : {}) } };
}

const told = new AbortController();
process.on('SIGTERM', () => told.abort(new Error('it was told to stop')));
// The answer has standard output to itself.
globalThis.console = new Console(process.stderr);

const question = JSON.parse(await text(process.stdin)) as PluginQuestion;
const answer = await answerTo(question, told.signal).then(
  (value): PluginAnswer => ({ value }),
  faultOf,
);
process.stdout.write(`\n${question.marker}${JSON.stringify(answer)}\n`, () => process.exit(0));
