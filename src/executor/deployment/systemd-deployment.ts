import { readlink } from 'node:fs/promises';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { runCommand } from '../../process/run-command.js';
import type { Clock } from '../../time/clock.js';
import { argumentList, plainText } from '../calls/command-line.js';
import { commandFailed } from '../calls/provider-command.js';
import type { Effort } from '../state-executor.js';
import { durationMs } from '../steps/check-schema.js';
import { clientView } from './client-view.js';
import type { DeploymentProvider } from './deployment-provider.js';
import { linkDeployment } from './link-deployment.js';
import { ReleaseLink, releaseLinkSettings } from './release-link.js';
import type { Sight } from './wait-until-steady.js';

export const systemdDeploymentBinding = z.strictObject({
  type: z.literal('systemd'),
  systemctl: argumentList.default(['systemctl']).describe('The systemctl program: `[sudo, systemctl]`, `[systemctl, --user]`. Without it, `[systemctl]`.'),
  unit: plainText.regex(/^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]*\.service$/, 'must be the name of a service unit, such as checkout.service').describe('A unit that ends with `.service`; an instance (`checkout@1.service`) is one.'),
  ...releaseLinkSettings,
  how: z.enum(['restart', 'reload', 'reload-or-restart']).default('restart').describe('What systemctl is told.'),
  ...clientView,
  startWithin: durationMs.prefault('30s').describe('How long it may take. The step\'s `timeout` should leave as much again for the way back.'),
  stableFor: durationMs.prefault('5s').describe('How long it must stay active without being started again.'),
});

const PROPERTIES = ['LoadState', 'ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts'];

/** Releases in a directory, a symlink to the one that counts, and a systemd unit that runs what the link names. */
export function systemdDeployment(binding: z.infer<typeof systemdDeploymentBinding>, directory: string, clock: Clock): DeploymentProvider {
  const { unit } = binding;
  const link = new ReleaseLink(binding, directory);

  async function systemctl(args: readonly string[], { signal, attemptId }: Effort): Promise<string> {
    const result = await runCommand({ argv: [...binding.systemctl, ...args], cwd: directory, env: { SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' }, signal, attemptId });
    if (result.exitCode !== 0) throw commandFailed(`systemctl ${args[0] ?? ''} ${unit}`, result);
    return result.stdout;
  }

  async function observe(version: string, signal: AbortSignal): Promise<Sight> {
    const shown = await systemctl(['show', unit, ...PROPERTIES.map((name) => `--property=${name}`)], { signal });
    const property = new Map(shown.split('\n').map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    const [load, active, sub, result, pid = '0', restarts = '0'] = PROPERTIES.map((name) => property.get(name));
    if (load !== 'loaded') throw new BelayError('provider-refused', `systemd has not loaded ${unit} (${load ?? 'nothing is known of it'})`);
    if (active === 'failed') return { state: 'failed', problem: `${unit} has failed (${result ?? 'no reason is given'})` };
    if (active !== 'active' || sub !== 'running') return { state: 'not-yet', problem: `${unit} is ${active ?? 'in no known state'} (${sub ?? ''})` };
    const running = await versionOf(pid);
    if (running !== undefined && running !== version) return { state: 'not-yet', problem: `${unit} runs ${running}` };
    return { state: 'steady', identity: `${pid} ${restarts}` };
  }

  /** Told by where the main process is at work, if that is in a release and Belay's user may see it. */
  async function versionOf(pid: string): Promise<string | undefined> {
    if (!/^[1-9]\d*$/.test(pid)) return undefined;
    const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return workingDirectory === undefined ? undefined : await link.versionAt(workingDirectory);
  }

  return linkDeployment({
    link,
    binding,
    clock,
    // Refused before the link is moved where there is no such unit.
    async prepare({ signal }) {
      await observe('', signal);
    },
    async start(_values, effort) {
      await systemctl([binding.how, unit], effort);
    },
    observe,
  });
}
