import { dirname, resolve } from 'node:path';
import { checkSchema, isRecord } from '../config/check-schema.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import type { Problem } from '../config/problem.js';
import { readYaml } from '../config/read-yaml.js';
import { readTextFile } from '../config/source-files.js';
import { BelayError } from '../fault/belay-error.js';
import type { SecretReader } from '../secret/secret-reader.js';
import { buildScenario } from './build-scenario.js';
import type { Scenario } from './scenario.js';
import { scenarioFileSchema } from './scenario-schema.js';

export type ScenarioFile =
  | { readonly ok: true; readonly file: string; readonly config: Config; readonly scenarios: readonly Scenario[]; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly file: string; readonly problems: readonly Problem[] };

/**
 * Reads a scenario file and the configuration that it tests: the one that it names, or `defaultConfig`. Every problem
 * of either comes with its place; never an exception for what people write.
 */
export async function readScenarioFile(path: string, defaultConfig: string): Promise<ScenarioFile> {
  const file = resolve(path);
  const refuse = (problems: readonly Problem[]): ScenarioFile => ({ ok: false, file, problems });
  const { text, problem } = await readTextFile(file);
  if (problem !== undefined) return refuse([problem]);
  const { document, problems } = readYaml(file, text);
  if (document === undefined || problems.length > 0) return refuse(problems);
  if (!isRecord(document.data)) return refuse([document.problem([], 'the file holds no scenarios', { hint: 'write scenarios: [ { name, values, expect } ]' })]);
  const checked = checkSchema(scenarioFileSchema, { document, path: [], data: document.data });
  if (checked.value === undefined) return refuse(checked.problems);

  const { config: named, env, scenarios, ...defaults } = checked.value;
  const configFile = named === undefined ? resolve(defaultConfig) : resolve(dirname(file), named);
  const secrets = new ScenarioSecrets(env);
  const loaded = await loadConfig(configFile, { secretReader: secrets });
  if (!loaded.ok) {
    const whose = document.problem(named === undefined ? [] : ['config'], 'the configuration that these scenarios test is not valid', {
      hint: named === undefined ? 'name it with "config:" in this file, or with --config' : 'what ${env:NAME} stands for in these scenarios is written under "env:"',
    });
    return refuse([whose, ...loaded.problems]);
  }
  const built = scenarios.map((written, index) => buildScenario(written, { document, path: ['scenarios', index], config: loaded.config, defaults, secrets }));
  const all = built.flatMap((result) => result.problems);
  const names = scenarios.map(({ name }) => name);
  names.forEach((name, index) => {
    if (names.indexOf(name) < index) all.push(document.problem(['scenarios', index, 'name'], 'another scenario of this file has the same name'));
  });
  if (all.some(({ severity }) => severity === 'error')) return refuse(all);
  return { ok: true, file, config: loaded.config, scenarios: built.flatMap(({ scenario }) => scenario ?? []), problems: all };
}

/**
 * What references stand for while rules are tested: what the scenario file says, and otherwise a made-up text. The real
 * environment is not looked at, so that a file gives the same answer everywhere.
 */
class ScenarioSecrets implements SecretReader {
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  readEnv(name: string): string {
    const value = Object.hasOwn(this.#env, name) ? this.#env[name] : undefined;
    if (value === '') throw new BelayError('template-unresolved', `\${env:${name}} is empty`);
    return value ?? MADE_UP;
  }

  readFile(): string {
    return MADE_UP;
  }
}

const MADE_UP = 'made-up-for-scenarios';
