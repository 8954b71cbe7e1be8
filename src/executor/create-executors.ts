import { BelayError } from '../fault/belay-error.js';
import type { RollbackContext, RollbackStep, StepType } from '../rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../rollback/step-executor.js';
import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import type { Bindings } from './bindings.js';
import type { TemplateValues } from './calls/template.js';
import { configurationProvider, configurationReload } from './configuration/configuration-bindings.js';
import { configurationChange } from './configuration/configuration-change.js';
import { dataChange } from './data/database-bindings.js';
import { runIdentity } from './data/run-identity.js';
import { deploymentProvider } from './deployment/deployment-bindings.js';
import { deploymentChange } from './deployment/deployment-change.js';
import { flagProvider } from './feature-flag/flag-bindings.js';
import { flagChange } from './feature-flag/flag-change.js';
import { withPlugins } from './plugin/plugin-executors.js';
import { PluginHost } from './plugin/plugin-host.js';
import { ownBinding, type PluginBinding, type PluginManifest } from './plugin/plugin-manifest.js';
import { readParameters, templateValues } from './read-parameters.js';
import { StateExecutor, type StateChange } from './state-executor.js';
import type { StepParameters } from './step-parameters.js';
import { ApprovalExecutor } from './steps/approval-executor.js';
import type { ApprovalGate } from './steps/approval-gate.js';
import { CheckExecutor } from './steps/check-executor.js';
import { CommandExecutor } from './steps/command-executor.js';
import { HttpExecutor } from './steps/http-executor.js';
import { NotificationExecutor } from './steps/notification-executor.js';
import type { PlanNotifier } from './steps/plan-notifier.js';
import { WaitExecutor } from './steps/wait-executor.js';
import { trafficChange } from './traffic/traffic-bindings.js';

/** What the executors work with. `directory` is the one that belay.yaml is in; relative paths of bindings and steps start there. */
export interface ExecutorSetting {
  readonly bindings: Bindings;
  readonly directory: string;
  readonly checkRunner: CheckRunner;
  readonly planNotifier: PlanNotifier;
  readonly approvalGate: ApprovalGate;
  readonly clock: Clock;
  /** The `rpo` of a target: so old may a backup be that its data are restored from. */
  readonly recoveryPointMs?: ((target: string) => number | undefined) | undefined;
  readonly plugins?: readonly PluginManifest[] | undefined;
}

/** An executor for every step type that Belay or a plugin brings. */
export function createExecutors(setting: ExecutorSetting): Map<string, RollbackStepExecutor> {
  const { bindings, directory, checkRunner, planNotifier, approvalGate, clock, plugins = [] } = setting;
  const rpoOf = ({ metadata: { target } }: RollbackContext): number | undefined => (typeof target === 'string' ? setting.recoveryPointMs?.(target) : undefined);
  const changing = (changeOf: (step: RollbackStep, context: RollbackContext) => StateChange): StateExecutor => new StateExecutor(changeOf, clock);
  const own = new Map<StepType, RollbackStepExecutor>([
    [
      'feature-flag',
      changing((step, context) => {
        const request = requestOf('feature-flag', step, context);
        return flagChange(flagProvider(bound('featureFlags', bindings.featureFlags, request.parameters.provider), directory), request);
      }),
    ],
    [
      'deployment',
      changing((step, context) => {
        const request = requestOf('deployment', step, context);
        return deploymentChange(deploymentProvider(bound('deployments', bindings.deployments, request.parameters.service), directory, clock), request);
      }),
    ],
    [
      'configuration',
      changing((step, context) => {
        const request = requestOf('configuration', step, context);
        const binding = bound('configurations', bindings.configurations, request.parameters.service);
        return configurationChange(configurationProvider(binding, directory), configurationReload(binding, directory, clock), request);
      }),
    ],
    [
      'data',
      changing((step, context) => {
        const request = requestOf('data', step, context);
        return dataChange(bound('databases', bindings.databases, request.parameters.database), { directory, clock }, { ...request, run: runIdentity(context), rpoMs: rpoOf(context) });
      }),
    ],
    [
      'traffic',
      changing((step, context) => {
        const request = requestOf('traffic', step, context);
        return trafficChange(bound('traffic', bindings.traffic, request.parameters.service), directory, request);
      }),
    ],
    ['notification', new NotificationExecutor(planNotifier)],
    ['command', new CommandExecutor(directory)],
    ['http', new HttpExecutor()],
    ['check', new CheckExecutor(checkRunner)],
    ['wait', new WaitExecutor(clock)],
    ['approval', new ApprovalExecutor(approvalGate)],
  ]);
  return withPlugins(own, { plugins, host: new PluginHost(), bindings, directory });
}

/** Hands a step's checked parameters, with what the templates of its binding may refer to, to what makes the change. */
function requestOf<T extends StepType>(type: T, step: RollbackStep, context: RollbackContext): { readonly parameters: StepParameters<T>; readonly values: TemplateValues } {
  const parameters = readParameters(type, step);
  return { parameters, values: templateValues(parameters, context) };
}

function bound<B extends { readonly type: string }>(kind: keyof Bindings, entries: Readonly<Record<string, B>>, name: string): Exclude<B, PluginBinding> {
  const binding = ownBinding(Object.hasOwn(entries, name) ? entries[name] : undefined);
  if (binding !== undefined) return binding;
  throw new BelayError('parameter-invalid', `${kind} has no entry ${JSON.stringify(name)}`, { context: { known: Object.keys(entries) } });
}
