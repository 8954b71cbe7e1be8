import type { Config } from '../config/config.js';
import { formatProblems } from '../config/format-problems.js';
import { loadConfig } from '../config/load-config.js';
import type { Problem } from '../config/problem.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import type { Redactor } from '../secret/redactor.js';

/** Reads the files, `${env:…}` in them from `env`; rejects with BelayError `config-invalid`, `context.problems` holding every error. */
export async function readConfig(file: string, redactor: Redactor, env: NodeJS.ProcessEnv = process.env): Promise<Config> {
  const result = await loadConfig(file, { redactor, env });
  if (result.ok) return result.config;
  const problems = result.problems.filter(({ severity }) => severity === 'error');
  const text = formatProblems(problems, { cwd: process.cwd() }).trimEnd();
  throw new BelayError('config-invalid', `the configuration is not valid:\n${text}`, { context: { problems } });
}

/** What the running daemon cannot change any more. Throws BelayError `config-invalid`. */
export function refuseWhatNeedsRestart(current: Config, next: Config): void {
  const changed = [
    ...(current.storePath === next.storePath ? [] : ['store']),
    ...(JSON.stringify(placeOf(current)) === JSON.stringify(placeOf(next)) ? [] : ['http']),
  ];
  if (changed.length > 0) throw new BelayError('config-invalid', `a change of ${changed.join(' and ')} takes effect with a restart only`, { context: { changed } });
}

/** Where the interface is listened on; tokens are looked at with each request. */
function placeOf({ http: { host, port, tls } }: Config): Omit<Config['http'], 'tokens'> {
  return { host, port, tls };
}

/** One line for each problem of a refused configuration: `rules/shop.yaml:7:5: unknown key …`. */
export function problemLines(error: unknown): readonly string[] {
  const problems = error instanceof BelayError ? (error.context['problems'] as readonly Problem[] | undefined) : undefined;
  return problems?.map((problem) => formatProblems([{ ...problem, hint: undefined }], { cwd: process.cwd() }).trimEnd()) ?? [errorText(error)];
}
