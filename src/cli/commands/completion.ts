import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { yamlFilesIn } from '../../config/source-files.js';
import { BelayError } from '../../fault/belay-error.js';
import type { IncidentSummary } from '../../http/guard-api.js';
import { completionScript, type IdKind, type Shell } from '../completion-script.js';
import { configFileOf, daemonOf } from '../context.js';
import { Output } from '../output.js';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];
const KINDS: readonly IdKind[] = ['plans', 'targets', 'incidents'];
const MOST_INCIDENTS = 20;

/** `belay completion bash|zsh|fish`. */
export function completionCommand(program: Command): void {
  program
    .command('completion')
    .description('a script for your shell that completes commands, options, plans, targets and incidents')
    .addArgument(new Argument('[shell]', 'the shell').choices(SHELLS))
    .addOption(new Option('--ids <kind>', 'what such a script asks for').choices(KINDS).hideHelp())
    .addHelpText('after', '\nExamples:\n  belay completion bash > /etc/bash_completion.d/belay\n  belay completion zsh >> ~/.zshrc\n  belay completion fish > ~/.config/fish/completions/belay.fish')
    .action(async (shell: Shell | undefined, { ids }: { ids?: IdKind }, command: Command) => {
      if (ids !== undefined) for (const id of await idsOf(ids, command)) new Output().answer(id);
      else if (shell === undefined) throw new BelayError('wrong-use', `say for which shell: belay completion ${SHELLS.join('|')}`);
      else new Output().answer(completionScript(program, shell));
    });
}

/** Told quickly or not at all: somebody is waiting behind the tab key. */
async function idsOf(kind: IdKind, command: Command): Promise<readonly string[]> {
  try {
    if (kind === 'incidents') {
      const { incidents } = await (await daemonOf(command)).get<{ incidents: readonly IncidentSummary[] }>('/api/v1/incidents', { limit: MOST_INCIDENTS });
      return incidents.map(({ id }) => id);
    }
    const file = resolve(configFileOf(command));
    if (kind === 'targets') return Object.keys(targetsIn.parse(parse(await readFile(file, 'utf8'))).targets);
    const { files } = await yamlFilesIn(join(dirname(file), 'plans'));
    const plans = await Promise.all(files.map(async (plan) => plansIn.safeParse(parse(await readFile(plan, 'utf8'))).data ?? []));
    return plans.flat().map(({ id }) => id);
  } catch {
    // Without an answer there is nothing to complete; the command itself will say what is wrong.
    return [];
  }
}

const targetsIn = z.object({ targets: z.record(z.string(), z.unknown()).default({}) });
const plan = z.object({ id: z.string() });
const plansIn = z.union([z.array(plan), plan.transform((one) => [one])]);
