import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { plainText } from '../calls/command-line.js';
import { httpUrl } from '../calls/http-call.js';
import { type FlagProvider, segmentOf } from './flag-provider.js';
import { LaunchDarklyApi, type LaunchDarklyFlag, type LaunchDarklyRule } from './launchdarkly-api.js';

export const launchDarklyFlagsBinding = z.strictObject({
  type: z.literal('launchdarkly'),
  url: httpUrl.default('https://app.launchdarkly.com').meta({ title: 'URL', description: 'Another address of its API.' }),
  project: plainText.min(1).describe('The key of the project.'),
  environment: plainText.min(1).describe('The key of the environment.'),
  token: plainText.min(1).describe('A service token.'),
  /** Reads the flag back as a server-side SDK would. */
  sdkKey: plainText.min(1).optional().describe('The SDK key of the environment. Without it only the REST API is read back.'),
  sdkUrl: httpUrl.default('https://sdk.launchdarkly.com').meta({ title: 'URL', description: 'Where SDKs poll.' }),
});

const capturedSchema = z.strictObject({ on: z.boolean(), rule: z.strictObject({ id: z.string(), variation: z.string() }).nullable() });

/**
 * Flags of one environment of a LaunchDarkly project. For everybody, a flag's targeting is turned on or off; for a
 * segment, the first of the flag's rules gives its members the variation that is wanted.
 */
export function launchDarklyFlags(binding: z.infer<typeof launchDarklyFlagsBinding>): FlagProvider {
  const api = new LaunchDarklyApi(binding);
  return {
    place: `LaunchDarkly ${binding.project} (${binding.environment})`,
    settles: true,
    async get({ parameters }, signal) {
      const { flagKey } = parameters;
      const segment = segmentOf(parameters);
      const flag = await api.flag(flagKey, signal);
      const state = segment === undefined || !flag.on ? stateForAll(flag, flagKey) : stateFor(segment, flag, flagKey);
      if (await api.isToldToSdks(flagKey, flag.version, signal)) return state;
      throw new BelayError('provider-refused', `it is ${state ? 'on' : 'off'}, but SDKs are still told of an earlier version`);
    },
    async set({ parameters }, { signal }) {
      const { flagKey, targetState } = parameters;
      const segment = segmentOf(parameters);
      const flag = await api.flag(flagKey, signal);
      if (segment === undefined) {
        if (!targetState) stateForAll({ ...flag, on: false }, flagKey);
        await api.patch(flagKey, [{ kind: targetState ? 'turnFlagOn' : 'turnFlagOff' }], signal);
        return;
      }
      if (!flag.on) {
        if (!targetState) return;
        throw new BelayError('provider-refused', `LaunchDarkly: flag ${flagKey} is off for everybody, so that its rules are not asked; use scope: global`);
      }
      await api.patch(flagKey, [ruleInstruction(segment, variationFor(targetState, flag, flagKey), flag)], signal);
    },
    memory: {
      async capture({ parameters }, signal) {
        const flag = await api.flag(parameters.flagKey, signal);
        return capturedOf(flag, segmentOf(parameters));
      },
      async putBack({ parameters }, captured, { signal }) {
        const { flagKey } = parameters;
        const before = capturedSchema.safeParse(captured);
        if (!before.success) throw new BelayError('undo-impossible', `flag ${flagKey}: what was captured is not in the form of a LaunchDarkly flag`);
        const segment = segmentOf(parameters);
        const flag = await api.flag(flagKey, signal);
        const { rule: present } = capturedOf(flag, segment);
        const { on, rule } = before.data;
        const instructions = [
          ...(present !== null && rule === null ? [{ kind: 'removeRule', ruleId: present.id }] : []),
          ...(rule !== null && present?.variation !== rule.variation ? [{ kind: 'updateRuleVariationOrRollout', ruleId: rule.id, variationId: rule.variation }] : []),
          ...(on === flag.on ? [] : [{ kind: on ? 'turnFlagOn' : 'turnFlagOff' }]),
        ];
        if (instructions.length > 0) await api.patch(flagKey, instructions, signal);
      },
      async isSeen({ parameters: { flagKey } }, signal) {
        return await api.isToldToSdks(flagKey, (await api.flag(flagKey, signal)).version, signal);
      },
    },
  };
}

/** Off is what is told while targeting is off, which need not be false. */
function stateForAll({ on, offVariation, variations }: LaunchDarklyFlag, flagKey: string): boolean {
  if (on) return true;
  const told = offVariation === null || offVariation === undefined ? undefined : variations[offVariation]?.value;
  if (told === true) throw new BelayError('provider-refused', `LaunchDarkly: flag ${flagKey} is true while it is off; set its off variation to false`);
  return false;
}

function stateFor(segment: string, flag: LaunchDarklyFlag, flagKey: string): boolean {
  const rule = firstRule(segment, flag);
  const value = rule?.variation === undefined ? undefined : flag.variations[rule.variation]?.value;
  if (typeof value === 'boolean') return value;
  throw new BelayError('provider-refused', `LaunchDarkly: flag ${flagKey} has no first rule for the segment ${segment}, so what its members are told depends on more`);
}

/** The first rule, where it is about this segment alone and gives one variation. */
function firstRule(segment: string, { rules: [rule] }: LaunchDarklyFlag): LaunchDarklyRule | undefined {
  const [clause, second] = rule?.clauses ?? [];
  const isIt = clause?.op === 'segmentMatch' && !clause.negate && clause.values.length === 1 && clause.values[0] === segment && second === undefined;
  return isIt && rule?.variation !== undefined ? rule : undefined;
}

function variationFor(targetState: boolean, { variations }: LaunchDarklyFlag, flagKey: string): string {
  const found = variations.find(({ value }) => value === targetState);
  if (found !== undefined) return found._id;
  throw new BelayError('provider-refused', `LaunchDarkly: flag ${flagKey} has no variation ${targetState}`);
}

function ruleInstruction(segment: string, variationId: string, flag: LaunchDarklyFlag): Readonly<Record<string, unknown>> {
  const rule = firstRule(segment, flag);
  if (rule !== undefined) return { kind: 'updateRuleVariationOrRollout', ruleId: rule._id, variationId };
  const [next] = flag.rules;
  const clauses = [{ contextKind: '', attribute: 'segmentMatch', op: 'segmentMatch', negate: false, values: [segment] }];
  return { kind: 'addRule', clauses, variationId, description: 'Set by Belay', ...(next === undefined ? {} : { beforeRuleId: next._id }) };
}

function capturedOf(flag: LaunchDarklyFlag, segment: string | undefined): z.infer<typeof capturedSchema> {
  const rule = segment === undefined ? undefined : firstRule(segment, flag);
  const variation = rule?.variation === undefined ? undefined : flag.variations[rule.variation]?._id;
  return { on: flag.on, rule: rule === undefined || variation === undefined ? null : { id: rule._id, variation } };
}
