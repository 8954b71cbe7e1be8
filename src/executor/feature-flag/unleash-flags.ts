import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { plainText } from '../calls/command-line.js';
import { withoutCredentials } from '../calls/exchange.js';
import { httpUrl } from '../calls/http-call.js';
import { type FlagMemory, type FlagProvider, type FlagRequest, segmentOf } from './flag-provider.js';
import { UnleashApi, type UnleashFlag, type UnleashStrategy } from './unleash-api.js';

export const unleashFlagsBinding = z.strictObject({
  type: z.literal('unleash'),
  url: httpUrl.meta({ title: 'URL', description: 'The server, without `/api`.' }),
  /** Where clients fetch their flags, if that is another place (Unleash Edge, a proxy). */
  clientUrl: httpUrl.optional().meta({ title: 'URL', description: 'Where SDKs poll, if that is another place (Unleash Edge); without it `url`.' }),
  project: plainText.min(1).default('default').describe('A project of Unleash.'),
  environment: plainText.min(1).describe('An environment of Unleash.'),
  adminToken: plainText.min(1).describe('A token of a service account or a personal access token.'),
  /** Reads the flag back as an SDK would. */
  clientToken: plainText.min(1).describe('A backend token of the environment.'),
});

const capturedSchema = z.strictObject({ enabled: z.boolean(), disabled: z.record(z.string(), z.boolean()) });

/**
 * Flags of one environment of an Unleash project. For everybody, a flag is switched by its environment; for a segment,
 * by disabling and enabling the strategies that the segment is part of.
 */
export function unleashFlags(binding: z.infer<typeof unleashFlagsBinding>): FlagProvider {
  const api = new UnleashApi(binding);

  async function kept(request: FlagRequest, signal: AbortSignal): Promise<{ readonly flag: UnleashFlag; readonly segment: SegmentStrategies | undefined }> {
    const { flagKey } = request.parameters;
    const name = segmentOf(request.parameters);
    const flag = await api.flag(flagKey, signal);
    return { flag, segment: name === undefined ? undefined : segmentStrategies(flag, { id: await api.segmentId(name, signal), name }, `flag ${flagKey} in ${binding.environment}`) };
  }

  async function isOnForClients({ parameters: { flagKey } }: FlagRequest, segment: SegmentStrategies | undefined, signal: AbortSignal): Promise<boolean> {
    const seen = await api.asClient(flagKey, signal);
    return seen.enabled && (segment === undefined || seen.segments.has(segment.id));
  }

  const memory: FlagMemory = {
    async capture(request, signal) {
      const { flag, segment } = await kept(request, signal);
      return { enabled: flag.enabled, disabled: Object.fromEntries((segment?.strategies ?? []).map(({ id, disabled }) => [id, disabled === true])) };
    },
    async putBack(request, captured, { signal }) {
      const { flagKey } = request.parameters;
      const before = capturedSchema.safeParse(captured);
      if (!before.success) throw new BelayError('undo-impossible', `flag ${flagKey}: what was captured is not in the form of an Unleash flag`);
      const { flag } = await kept(request, signal);
      for (const { id, disabled } of flag.strategies) {
        const wanted = before.data.disabled[id];
        if (wanted !== undefined && wanted !== (disabled === true)) await api.setDisabled(flagKey, id, wanted, signal);
      }
      // The server switches the environment off itself when its last strategy is disabled.
      if ((await api.flag(flagKey, signal)).enabled !== before.data.enabled) await api.setEnabled(flagKey, before.data.enabled, signal);
    },
    async isSeen(request, signal) {
      const { flag, segment } = await kept(request, signal);
      return isOn(flag, segment) === (await isOnForClients(request, segment, signal));
    },
  };

  return {
    place: `Unleash ${withoutCredentials(binding.url)} (${binding.environment})`,
    settles: true,
    memory,
    async get(request, signal) {
      const { flag, segment } = await kept(request, signal);
      const state = isOn(flag, segment);
      if (segment !== undefined && !state) refuseOpen(flag, segment);
      if (state === (await isOnForClients(request, segment, signal))) return state;
      throw new BelayError('provider-refused', `it is ${state ? 'on' : 'off'}, but clients are still told ${state ? 'off' : 'on'}`);
    },
    async set(request, { signal }) {
      const { flagKey, targetState } = request.parameters;
      const { flag, segment } = await kept(request, signal);
      if (segment === undefined) {
        await api.setEnabled(flagKey, targetState, signal);
        return;
      }
      if (targetState) refuseOthers(flag, segment);
      else refuseOpen(flag, segment);
      for (const { id, disabled } of segment.strategies) if ((disabled === true) === targetState) await api.setDisabled(flagKey, id, !targetState, signal);
      if (targetState && !flag.enabled) await api.setEnabled(flagKey, true, signal);
    },
  };
}

/** The strategies of a flag that a segment is part of. */
interface SegmentStrategies {
  readonly id: number;
  readonly name: string;
  readonly strategies: readonly UnleashStrategy[];
}

function segmentStrategies(flag: UnleashFlag, { id, name }: { readonly id: number; readonly name: string }, shown: string): SegmentStrategies {
  const strategies = flag.strategies.filter(({ segments }) => segments.includes(id));
  if (strategies.length === 0) throw new BelayError('provider-refused', `Unleash: ${shown} has no strategy with the segment ${name}`);
  return { id, name, strategies };
}

function isOn(flag: UnleashFlag, segment: SegmentStrategies | undefined): boolean {
  return flag.enabled && (segment === undefined || segment.strategies.some(isEnabled));
}

function isEnabled({ disabled }: UnleashStrategy): boolean {
  return disabled !== true;
}

/** A strategy for everybody answers for the members of the segment as well, so disabling theirs would change nothing for them. */
function refuseOpen(flag: UnleashFlag, { name }: SegmentStrategies): void {
  const open = flag.strategies.find((strategy) => isEnabled(strategy) && strategy.segments.length === 0 && strategy.constraints.length === 0 && ['default', 'flexibleRollout'].includes(strategy.name));
  if (!flag.enabled || open === undefined) return;
  throw new BelayError('provider-refused', `Unleash: the strategy ${open.title ?? open.name} of the flag is for everybody, the segment ${name} included; use scope: global, or limit that strategy`);
}

/** Switching the environment on brings every enabled strategy with it. */
function refuseOthers(flag: UnleashFlag, { id, name }: SegmentStrategies): void {
  if (flag.enabled || flag.strategies.every((strategy) => !isEnabled(strategy) || strategy.segments.includes(id))) return;
  throw new BelayError('provider-refused', `Unleash: the flag is off, and switching it on for the segment ${name} would switch it on for others as well; use scope: global`);
}
