import { BelayError } from '../../fault/belay-error.js';
import { sweepAttempt } from '../../process/run-command.js';
import type { RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../../rollback/step-executor.js';
import type { Bindings } from '../bindings.js';
import { pluginExecutor } from './plugin-executor.js';
import type { PluginHost } from './plugin-host.js';
import type { PluginKind, PluginManifest } from './plugin-manifest.js';

export interface PluginSetting {
  readonly plugins: readonly PluginManifest[];
  readonly host: PluginHost;
  readonly bindings: Bindings;
  /** The folder of belay.yaml. */
  readonly directory: string;
}

/** The steps that are carried out by an entry of belay.yaml, and the parameter that names it. */
const boundSteps: readonly { readonly type: string; readonly kind: Exclude<PluginKind, 'steps'>; readonly parameter: string }[] = [
  { type: 'feature-flag', kind: 'featureFlags', parameter: 'provider' },
  { type: 'deployment', kind: 'deployments', parameter: 'service' },
  { type: 'configuration', kind: 'configurations', parameter: 'service' },
  { type: 'data', kind: 'databases', parameter: 'database' },
  { type: 'traffic', kind: 'traffic', parameter: 'service' },
];

/** Executors for the step types that plugins bring, and those of Belay, which leave to a plugin what an entry of its type asks for. */
export function withPlugins(own: ReadonlyMap<string, RollbackStepExecutor>, { plugins, host, bindings, directory }: PluginSetting): Map<string, RollbackStepExecutor> {
  const executors = new Map(own);
  if (plugins.length === 0) return executors;
  const executorOf = (kind: PluginKind, name: string, settings?: Readonly<Record<string, unknown>>): RollbackStepExecutor => {
    for (const plugin of plugins) {
      const part = plugin.parts.find((candidate) => candidate.kind === kind && candidate.name === name);
      if (part !== undefined) return pluginExecutor({ host, plugin, part, settings, directory });
    }
    throw new BelayError('executor-missing', `no plugin brings ${kind} of the type ${JSON.stringify(name)}`);
  };
  for (const { name } of plugins.flatMap(({ parts }) => parts.filter(({ kind }) => kind === 'steps'))) executors.set(name, executorOf('steps', name));
  for (const { type, kind, parameter } of boundSteps) {
    const belays = own.get(type);
    if (belays === undefined) continue;
    const entries: Readonly<Record<string, Bindings[typeof kind][string]>> = bindings[kind];
    executors.set(type, routed((step) => {
      const name: unknown = step.parameters[parameter] ?? 'default';
      const binding = typeof name === 'string' && Object.hasOwn(entries, name) ? entries[name] : undefined;
      return binding?.type === 'plugin' ? executorOf(kind, binding.name, binding.settings) : belays;
    }));
  }
  return executors;
}

/** Hands each step to the executor that is its own. */
function routed(executorOf: (step: RollbackStep) => RollbackStepExecutor): RollbackStepExecutor {
  return {
    execute: async (step, context, signal, attempt) => executorOf(step).execute(step, context, signal, attempt),
    describe: async (step, context, signal) => (await executorOf(step).describe?.(step, context, signal)) ?? { summary: step.name },
    ready: async (step, context, signal) => executorOf(step).ready?.(step, context, signal),
    state: async (step, context, signal) => (await executorOf(step).state?.(step, context, signal)) ?? 'unknown',
    capture: async (step, context, signal) => executorOf(step).capture?.(step, context, signal),
    undoing: (captured, left) =>
      routed((step) => {
        const undoing = executorOf(step).undoing?.(captured, left);
        if (undoing === undefined) throw new BelayError('undo-impossible', `a ${step.type} step cannot be put back`);
        return undoing;
      }),
    sweep: sweepAttempt,
  };
}
