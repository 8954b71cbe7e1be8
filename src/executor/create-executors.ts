import { BelayError } from '../fault/belay-error.js';
import type { RollbackContext, RollbackStep, StepType } from '../rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../rollback/step-executor.js';
import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import type { Bindings } from './bindings.js';
import { boundConfiguration } from './bound-configuration.js';
import { CheckExecutor } from './check-executor.js';
import { CommandExecutor } from './command-executor.js';
import { commandFlags } from './command-flags.js';
import { deploymentProvider } from './deployment-provider.js';
import { fileFlags } from './file-flags.js';
import type { FlagProvider } from './flag-provider.js';
import { HttpExecutor } from './http-executor.js';
import { httpFlags } from './http-flags.js';
import { NotificationExecutor } from './notification-executor.js';
import type { PlanNotifier } from './plan-notifier.js';
import { askVerifyCommand, runProviderCommandWell } from './provider-command.js';
import { readParameters, templateValues } from './read-parameters.js';
import { sqlFlags } from './sql-flags.js';
import { StateExecutor, type StateChange } from './state-executor.js';
import { WaitExecutor } from './wait-executor.js';

/** What the executors work with. `directory` is the one that belay.yaml is in; relative paths of bindings and steps start there. */
export interface ExecutorSetting {
  readonly bindings: Bindings;
  readonly directory: string;
  readonly checkRunner: CheckRunner;
  readonly planNotifier: PlanNotifier;
  readonly clock: Clock;
}

/** An executor for every step type that Belay brings. */
export function createExecutors(setting: ExecutorSetting): Map<StepType, RollbackStepExecutor> {
  const { bindings, directory, checkRunner, planNotifier, clock } = setting;
  const changing = (changeOf: (step: RollbackStep, context: RollbackContext) => StateChange): StateExecutor => new StateExecutor(changeOf, clock);
  return new Map<StepType, RollbackStepExecutor>([
    ['feature-flag', changing((step, context) => flagChange(bindings, directory, step, context))],
    ['deployment', changing((step, context) => deploymentChange(bindings, directory, step, context))],
    ['configuration', changing((step, context) => configurationChange(bindings, directory, step, context))],
    ['data', changing((step, context) => dataChange(bindings, directory, step, context))],
    ['notification', new NotificationExecutor(planNotifier)],
    ['command', new CommandExecutor(directory)],
    ['http', new HttpExecutor()],
    ['check', new CheckExecutor(checkRunner)],
    ['wait', new WaitExecutor(clock)],
  ]);
}

function flagChange(bindings: Bindings, directory: string, step: RollbackStep, context: RollbackContext): StateChange {
  const parameters = readParameters('feature-flag', step);
  const provider = flagProvider(bound('featureFlags', bindings.featureFlags, parameters.provider), directory);
  const request = { parameters, values: templateValues(parameters, context) };
  const words = (state: boolean): string => (state ? 'on' : 'off');
  return {
    subject: `flag ${parameters.flagKey} in ${provider.place}`,
    wanted: words(parameters.targetState),
    async read(signal) {
      const state = await provider.get(request, signal);
      return { state: state === parameters.targetState ? 'applied' : 'not-applied', actual: words(state) };
    },
    apply: (effort) => provider.set(request, effort),
  };
}

function flagProvider(binding: Bindings['featureFlags'][string], directory: string): FlagProvider {
  switch (binding.type) {
    case 'file':
      return fileFlags(binding, directory);
    case 'sql':
      return sqlFlags(binding, directory);
    case 'http':
      return httpFlags(binding);
    case 'command':
      return commandFlags(binding, directory);
    default:
      return binding satisfies never;
  }
}

function deploymentChange(bindings: Bindings, directory: string, step: RollbackStep, context: RollbackContext): StateChange {
  const parameters = readParameters('deployment', step);
  const provider = deploymentProvider(bound('deployments', bindings.deployments, parameters.service), directory);
  const values = templateValues(parameters, context);
  return {
    subject: `deployment of ${parameters.service} in ${parameters.environment}`,
    wanted: parameters.version,
    settles: true,
    async read(signal) {
      const version = await provider.current(values, signal);
      if (version === undefined) return { state: 'unknown', problem: 'no version is named' };
      return { state: version === parameters.version ? 'applied' : 'not-applied', actual: version };
    },
    apply: (effort) => provider.deploy(values, effort),
  };
}

function configurationChange(bindings: Bindings, directory: string, step: RollbackStep, context: RollbackContext): StateChange {
  const parameters = readParameters('configuration', step);
  const provider = boundConfiguration(bound('configurations', bindings.configurations, parameters.service), directory);
  const request = { parameters, values: templateValues(parameters, context) };
  const { reload } = provider;
  return {
    subject: `configuration of ${parameters.service}`,
    wanted: parameters.configVersion ?? parameters.configItems,
    read: (signal) => provider.read(request, signal),
    apply: (effort) => provider.apply(request, effort),
    follow: reload === undefined ? undefined : (effort) => reload(request, effort),
  };
}

function dataChange(bindings: Bindings, directory: string, step: RollbackStep, context: RollbackContext): StateChange {
  const parameters = readParameters('data', step);
  const binding = bound('databases', bindings.databases, parameters.database);
  const place = { ...binding, directory };
  const values = templateValues(parameters, context);
  return {
    subject: `data of ${parameters.database}`,
    wanted: parameters.snapshotId ?? parameters.migration ?? parameters.tables,
    read: (signal) => askVerifyCommand(binding.verify, place, values, signal),
    async apply(effort) {
      await runProviderCommandWell(binding.restore, place, values, effort);
    },
  };
}

function bound<B>(kind: keyof Bindings, entries: Readonly<Record<string, B>>, name: string): B {
  const binding = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (binding !== undefined) return binding;
  throw new BelayError('parameter-invalid', `${kind} has no entry ${JSON.stringify(name)}`, { context: { known: Object.keys(entries) } });
}
