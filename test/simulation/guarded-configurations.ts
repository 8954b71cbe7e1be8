import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load-config.js';

/** The configurations between which a history changes: the files of `guarded/`, and those as somebody has edited them. */
export const configurationNames = ['first', 'other-thresholds', 'fewer-triggers', 'other-plans', 'with-calls'] as const;
export type ConfigurationName = (typeof configurationNames)[number];
export type GuardedConfigurations = Readonly<Record<ConfigurationName, Config>>;

/** Above which share of errors the triggers of each breach. */
export const errorsAbove: Readonly<Record<ConfigurationName, number>> = { first: 0.1, 'other-thresholds': 0.3, 'fewer-triggers': 0.1, 'other-plans': 0.1, 'with-calls': 0.1 };

interface Edit {
  /** Where the files are. */
  readonly folder: '.' | 'rules' | 'plans';
  readonly from: RegExp;
  readonly to: string;
}

const edits: Readonly<Record<ConfigurationName, readonly Edit[]>> = {
  first: [],
  'other-thresholds': [{ folder: 'rules', from: /condition: "> 10%"/, to: 'condition: "> 30%"' }],
  'fewer-triggers': [{ folder: 'rules', from: / {2}- name: \w+Slow\n(?: {4}.*\n)+/, to: '' }],
  'other-plans': [
    { folder: 'plans', from: /^steps:\n(?= {2}- \{ id: flag)/m, to: 'steps:\n  - { id: settle, name: Settle, description: Give it a moment, type: wait, parameters: { duration: 5s }, timeout: 30 }\n' },
    { folder: 'plans', from: / {2}- \{ id: reload,.*\n/, to: '' },
  ],
  'with-calls': [
    { folder: '.', from: /(?<=email: .*\n)/, to: '  escalation: [{ after: 5m, to: [oncall] }, { after: 15m, to: [lead] }]\n' },
    { folder: '.', from: /ana: \{/, to: 'ana: { email: ana@simulation.invalid,' },
    { folder: '.', from: /ben: \{/, to: 'ben: { email: ben@simulation.invalid,' },
  ],
};

/** Who may ask what of the HTTP interface, by the name of the token. */
export const tokens = { alertmanager: 'token-of-the-alertmanagers', ana: 'token-of-ana-in-the-simulation', ben: 'token-of-ben-in-the-simulation', operator: 'token-of-the-operator' } as const;
const env = { WEBHOOK_TOKEN: tokens.alertmanager, ANA_TOKEN: tokens.ana, BEN_TOKEN: tokens.ben, OPERATOR_TOKEN: tokens.operator, SLACK_TOKEN: 'token-of-the-simulation' };

/** Reads them as the daemon does, from files. */
export async function guardedConfigurations(): Promise<GuardedConfigurations> {
  const directory = await mkdtemp(join(tmpdir(), 'belay-simulation-'));
  try {
    const read = configurationNames.map(async (name) => [name, await edited(join(directory, name), edits[name])] as const);
    return Object.fromEntries(await Promise.all(read)) as unknown as GuardedConfigurations;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function edited(directory: string, changes: readonly Edit[]): Promise<Config> {
  await cp(fileURLToPath(new URL('guarded', import.meta.url)), directory, { recursive: true });
  for (const { folder, from, to } of changes) {
    const files = (await readdir(join(directory, folder))).filter((file) => file.endsWith('.yaml')).map((file) => join(directory, folder, file));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    if (!texts.some((text) => from.test(text))) throw new Error(`nothing in ${folder} is like ${String(from)}`);
    for (const [index, file] of files.entries()) await writeFile(file, (texts[index] ?? '').replace(from, to));
  }
  const loaded = await loadConfig(join(directory, 'belay.yaml'), { env });
  if (!loaded.ok) throw new Error(`the simulation's configuration is not valid: ${JSON.stringify(loaded.problems)}`);
  return loaded.config;
}
