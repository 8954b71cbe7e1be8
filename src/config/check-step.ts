import { stepParameterSchemas } from '../executor/step-parameters.js';
import { endpointPath } from '../executor/traffic/endpoint-path.js';
import { wishesOfType, type TrafficBinding } from '../executor/traffic/traffic-bindings.js';
import { trafficWishes } from '../executor/traffic/traffic-wish.js';
import { ownBinding } from '../executor/plugin/plugin-manifest.js';
import { pluginStepSchema } from '../executor/plugin/plugin-schema.js';
import { unfitConfigurationWish, unfitDataWish, unfitFlagWish, type UnfitWish } from '../executor/unfit-wish.js';
import { templateReferences as bindingReferences } from '../executor/calls/template.js';
import { templateReferences } from '../rollback/template.js';
import type { StepType } from '../rollback/rollback-plan.js';
import type { BelayPart } from './belay-part.js';
import { checkApprovalStep } from './check-approvals.js';
import { checkCheck } from './check-check.js';
import { checkKnown } from './check-known.js';
import { checkSchema, listOf, recordOf } from './check-schema.js';
import { suggestion } from './closest-word.js';
import type { PlanPart } from './plans-part.js';
import type { Path, Problem } from './problem.js';
import { textsIn } from './texts-in.js';

interface StepPart extends Pick<PlanPart, 'document' | 'path' | 'secrets'> {
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The parameters of one step: their form, what they refer to, and whether belay.yaml knows how to do it. */
export function checkStep({ document, secrets }: PlanPart, path: Path, data: unknown, belay: BelayPart | undefined): readonly Problem[] {
  const { type, parameters = {}, timeout } = recordOf(data);
  if (typeof type !== 'string' || typeof parameters !== 'object' || parameters === null) return [];
  const schema = isStepType(type) ? stepParameterSchemas[type] : pluginStepSchema(belay?.plugins ?? [], type);
  if (schema === undefined) return [];
  const step: StepPart = { document, secrets, path: [...path, 'parameters'], parameters: recordOf(parameters) };
  const templates = new Set(textsIn(parameters, step.path).filter(({ text }) => text.includes('${')).map((found) => JSON.stringify(found.path)));
  const { problems } = checkSchema(schema, { document, path: step.path, data: parameters }, (at) => templates.has(JSON.stringify(at)));
  return [...problems, ...checkReferences(step), ...(isStepType(type) ? checkBinding(type, step, belay, timeout) : [])];
}

function isStepType(type: string): type is StepType {
  return Object.hasOwn(stepParameterSchemas, type);
}

const rollbackPointFields = ['version', 'at', 'configVersion', 'snapshotId', 'migration', 'flags'];

function checkReferences({ document, path, secrets, parameters }: StepPart): readonly Problem[] {
  return textsIn(parameters, path).flatMap(({ text, path: at }) => {
    let searchFrom = 0;
    return templateReferences(text).flatMap(({ reference, root, problem }) => {
      const offset = Math.max(0, text.indexOf(reference, searchFrom) - 2);
      searchFrom = offset + 2 + reference.length;
      const [, field] = reference.split('.');
      const fault =
        problem ??
        (root === 'rollbackPoint' && field !== undefined && !rollbackPointFields.includes(field) ? `is not known: a rollback point has ${rollbackPointFields.join(', ')}` : undefined);
      if (fault !== undefined) return [document.problemInText(at, offset, `\${${reference.replace(/^\$+\{/, '')}} ${fault}`)];
      if (root !== 'env' && root !== 'file') return [];
      const value = secrets.read(root, reference.slice(root.length + 1));
      return typeof value === 'string' ? [] : [document.problemInText(at, offset, value.problem)];
    });
  });
}

/** The entry of belay.yaml that a step's effect is made by. */
function checkBinding(type: StepType, { document, path, parameters }: StepPart, belay: BelayPart | undefined, stepTimeout: unknown): readonly Problem[] {
  if (belay === undefined) return [];
  const named = (key: string): string | undefined => {
    const name = parameters[key];
    return typeof name === 'string' && !name.includes('${') ? name : undefined;
  };
  const { featureFlags, deployments, configurations, databases, traffic } = belay.bindings;
  switch (type) {
    case 'feature-flag': {
      const provider = parameters['provider'] === undefined ? 'default' : named('provider');
      const flags = provider === undefined ? undefined : ownBinding(featureFlags?.get(provider));
      return [
        ...checkKnown(document, [...path, 'provider'], provider, featureFlags, 'provider of flags', '"featureFlags" of belay.yaml'),
        ...checkGiven({ document, path, parameters }, flags),
        ...checkWish({ document, path }, flags && unfitFlagWish(parameters, flags)),
      ];
    }
    case 'deployment':
      return checkKnown(document, [...path, 'service'], named('service'), deployments, 'deployment', '"deployments" of belay.yaml');
    case 'configuration': {
      const service = named('service');
      const configuration = service === undefined ? undefined : ownBinding(configurations?.get(service));
      return [
        ...checkKnown(document, [...path, 'service'], service, configurations, 'configuration', '"configurations" of belay.yaml'),
        ...checkGiven({ document, path, parameters }, configuration),
        ...checkWish({ document, path }, configuration && unfitConfigurationWish(parameters, configuration)),
      ];
    }
    case 'data': {
      const database = named('database');
      const data = database === undefined ? undefined : ownBinding(databases?.get(database));
      return [
        ...checkKnown(document, [...path, 'database'], database, databases, 'database', '"databases" of belay.yaml'),
        ...checkGiven({ document, path, parameters }, data),
        ...checkWish({ document, path }, data && unfitDataWish(parameters, data)),
      ];
    }
    case 'traffic': {
      const service = named('service');
      const entry = service === undefined ? undefined : ownBinding(traffic?.get(service));
      return [
        ...checkKnown(document, [...path, 'service'], service, traffic, 'entry', '"traffic" of belay.yaml'),
        ...checkGiven({ document, path, parameters }, entry),
        ...checkTraffic({ document, path, parameters }, entry),
      ];
    }
    case 'notification': {
      const channel = named('channel');
      const isKnown = channel === undefined || belay.channels.includes(channel) || !['email', 'slack', 'webhook'].includes(channel);
      return [
        ...(isKnown ? [] : [document.problem([...path, 'channel'], `belay.yaml has no notify.${channel}, so the message cannot go there`, { severity: 'warning' })]),
        ...checkRecipients({ document, path, parameters }, belay),
      ];
    }
    case 'check':
      return checkCheck(document, path, parameters, belay);
    case 'approval':
      return checkApprovalStep({ document, path, parameters }, stepTimeout, belay);
    case 'command':
    case 'http':
    case 'wait':
      return [];
    default:
      return type satisfies never;
  }
}

/** Where people are declared, a name that is none of theirs is probably a slip; it would be told as it is written, and reach nobody. */
function checkRecipients({ document, path, parameters }: Omit<StepPart, 'secrets'>, { people }: BelayPart): readonly Problem[] {
  if (people === undefined || people.size === 0) return [];
  const known = [...new Set([...people].flatMap(([name, person]) => [name, ...(person?.groups ?? [])]))];
  return listOf(parameters['recipients']).flatMap((name, index) =>
    typeof name !== 'string' || name.includes('@') || name.includes('${') || known.includes(name)
      ? []
      : [document.problem([...path, 'recipients', index], `"${name}" is nobody under "people", and no address`, { severity: 'warning', hint: suggestion(name, known, 'known') })],
  );
}

/** Each type of entry can be asked for some things, and those that block endpoints know which ones. */
function checkTraffic({ document, path, parameters }: Omit<StepPart, 'secrets'>, binding: TrafficBinding | undefined): readonly Problem[] {
  if (binding === undefined) return [];
  const able = wishesOfType[binding.type];
  const foreign = trafficWishes
    .filter((wish) => parameters[wish] !== undefined && !able.includes(wish))
    .map((wish) => document.problem([...path, wish], `this entry of "traffic" is of type ${binding.type}, which does not do that`, { atKey: true, hint: `it takes ${able.join(', ')}` }));
  if (!('endpoints' in binding)) return foreign;
  const known = binding.endpoints;
  const strangers = listOf(parameters['endpoints']).flatMap((written, index) => {
    const endpoint = endpointPath.safeParse(written);
    return endpoint.success && !known.includes(endpoint.data)
      ? [document.problem([...path, 'endpoints', index], 'this endpoint is not one that the entry may block', { hint: suggestion(endpoint.data, known, 'known there') })]
      : [];
  });
  return [...foreign, ...strangers];
}

/** What the requests and commands of an entry refer to, the step must give. */
function checkGiven({ document, path, parameters }: Omit<StepPart, 'secrets'>, binding: { readonly type: string } | undefined): readonly Problem[] {
  if (binding?.type !== 'http' && binding?.type !== 'command') return [];
  const given = new Set(['environment', 'provider', 'captured', ...Object.keys(parameters)]);
  const needed = textsIn(binding, []).flatMap(({ text, path: [place] }) => (place === 'undo' ? [] : bindingReferences(text)));
  return [...new Set(needed)].filter((reference) => !given.has(reference)).map((reference) => document.problem(path, `the entry of belay.yaml needs ${reference}, which this step does not give`));
}

/** What the binding of a step cannot do. */
function checkWish({ document, path }: Pick<StepPart, 'document' | 'path'>, wish: UnfitWish | undefined): readonly Problem[] {
  if (wish === undefined) return [];
  return [document.problem([...path, wish.parameter], wish.message, { atKey: true, ...(wish.hint === undefined ? {} : { hint: wish.hint }) })];
}
