import { z } from 'zod';
import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { StepAttempt } from '../../rollback/step-executor.js';
import type { PluginKind } from './plugin-manifest.js';

/** Which of a plugin's parts a step is carried out by, and what its entry says. */
export interface PluginSubject {
  readonly kind: PluginKind;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export type PluginMethod = 'execute' | 'describe' | 'ready' | 'state' | 'capture';

/** What a process of a plugin is asked, as JSON on its standard input. */
export type PluginCall =
  | { readonly type: 'load' }
  | {
      readonly type: 'step';
      readonly method: PluginMethod;
      readonly subject: PluginSubject;
      readonly step: RollbackStep;
      readonly context: RollbackContext;
      readonly directory: string;
      readonly attempt?: StepAttempt | undefined;
      /** The opposite of the step is asked about. */
      readonly undo?: { readonly captured: unknown; readonly left?: unknown } | undefined;
    };

export interface PluginQuestion {
  /** Begins the line of the answer, whatever else the plugin prints. */
  readonly marker: string;
  readonly file: string;
  readonly call: PluginCall;
}

/** What it answers, on a line of its own. */
export const pluginAnswerSchema = z.union([
  z.strictObject({ value: z.unknown().optional() }),
  z.strictObject({ fault: z.strictObject({ name: z.string(), message: z.string(), code: z.string().optional(), context: z.record(z.string(), z.unknown()).optional() }) }),
]);
export type PluginAnswer = z.infer<typeof pluginAnswerSchema>;
