import { basename } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';
import { sweepAttempt } from '../../process/run-command.js';
import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepState } from '../../rollback/step-executor.js';
import { z } from 'zod';
import type { PluginCall, PluginMethod, PluginSubject } from './plugin-call.js';
import type { PluginHost } from './plugin-host.js';
import type { PluginManifest, PluginPart } from './plugin-manifest.js';

type StepCall = Extract<PluginCall, { type: 'step' }>;

/** Where the calls of one part of a plugin go. */
interface PluginPlace {
  readonly host: PluginHost;
  readonly plugin: PluginManifest;
  readonly part: PluginPart;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The folder of belay.yaml. */
  readonly directory: string;
}

const descriptionSchema = z.object({ summary: z.string(), before: z.unknown().optional(), after: z.unknown().optional() });
const stateSchema = z.enum(['applied', 'not-applied', 'unknown']);

/** A step that a plugin carries out, with what the plugin can do of it and nothing else. */
export function pluginExecutor(place: PluginPlace, undo?: StepCall['undo']): RollbackStepExecutor {
  const { host, plugin, part, settings = {}, directory } = place;
  const subject: PluginSubject = { kind: part.kind, name: part.name, settings };
  const can = (method: (typeof part.methods)[number]): boolean => part.methods.includes(method);

  const ask = async (method: PluginMethod, step: RollbackStep, context: RollbackContext, signal: AbortSignal, attempt?: StepAttempt): Promise<unknown> => {
    try {
      return await host.ask(plugin.file, { type: 'step', method, subject, step, context, directory, attempt, undo }, { signal, attemptId: attempt?.id });
    } catch (error) {
      // Which file it is matters where the plugin itself is broken, and not where it has said what is wrong.
      if (error instanceof BelayError && (error.code === 'config-invalid' || error.code === 'command-failed')) throw new BelayError('step-failed', `the plugin ${basename(plugin.file)} ${error.message}`, { cause: error });
      throw error;
    }
  };
  const answered = <S extends z.ZodType>(schema: S, method: PluginMethod, value: unknown): z.output<S> => {
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    throw new BelayError('step-failed', `the plugin ${basename(plugin.file)} has no usable answer to "${method}"`);
  };

  return {
    execute: async (step, context, told, attempt) => {
      await ask('execute', step, context, told ?? new AbortController().signal, attempt);
    },
    ...(can('describe') ? { describe: async (step, context, signal) => answered(descriptionSchema, 'describe', await ask('describe', step, context, signal)) } : {}),
    // Asked of every plugin, since what its schema says of the parameters is seen by the plugin alone.
    ready: async (step, context, signal) => answered(z.string().optional(), 'ready', (await ask('ready', step, context, signal)) ?? undefined),
    ...(can('state') ? { state: async (step, context, signal): Promise<StepState> => answered(stateSchema, 'state', await ask('state', step, context, signal)) } : {}),
    ...(can('capture') ? { capture: (step, context, signal) => ask('capture', step, context, signal) } : {}),
    ...(can('undoing') && undo === undefined ? { undoing: (captured: unknown, left?: unknown) => pluginExecutor(place, { captured, left }) } : {}),
    sweep: sweepAttempt,
  } satisfies RollbackStepExecutor;
}
