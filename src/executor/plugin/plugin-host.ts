import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { BelayError } from '../../fault/belay-error.js';
import { errorCodes, type ErrorCode } from '../../fault/error-codes.js';
import { runCommand, type CommandResult } from '../../process/run-command.js';
import { manifestSchema, type PluginManifest } from './plugin-manifest.js';
import { pluginAnswerSchema, type PluginCall, type PluginQuestion } from './plugin-call.js';

const PLUGIN_PROCESS = fileURLToPath(new URL('./plugin-process.js', import.meta.url));
const LOAD_WITHIN_MS = 20_000;
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const ERROR_OUTPUT_CHARACTERS = 600;

export interface PluginHostOptions {
  /** What a call runs in, for node; the module beside this one, unless that is not compiled. */
  readonly program?: string;
  readonly loadWithinMs?: number;
}

/**
 * Runs plugins, each call in a process of its own: what a plugin breaks is its call, a timeout ends it for good, and
 * Belay's memory and environment are out of its reach.
 */
export class PluginHost {
  readonly #program: string;
  readonly #loadWithinMs: number;

  constructor({ program = PLUGIN_PROCESS, loadWithinMs = LOAD_WITHIN_MS }: PluginHostOptions = {}) {
    this.#program = program;
    this.#loadWithinMs = loadWithinMs;
  }

  /** What a plugin brings. Throws `config-invalid` with words about what is wrong with it. */
  async load(file: string): Promise<PluginManifest> {
    const signal = AbortSignal.timeout(this.#loadWithinMs);
    try {
      const manifest = manifestSchema.parse(await this.ask(file, { type: 'load' }, { signal }));
      return { ...manifest, file };
    } catch (error) {
      if (signal.aborted) throw new BelayError('config-invalid', `is not loaded within ${this.#loadWithinMs / 1000} s`, { cause: error });
      throw error;
    }
  }

  /** Throws what the plugin has thrown, `command-failed` where it has ended without an answer, and the signal's reason. */
  async ask(file: string, call: PluginCall, effort: { readonly signal: AbortSignal; readonly attemptId?: string | undefined }): Promise<unknown> {
    const question: PluginQuestion = { marker: `${randomUUID()} `, file, call };
    const result = await runCommand({
      argv: [process.execPath, this.#program],
      input: JSON.stringify(question),
      maxOutputBytes: MAX_ANSWER_BYTES,
      ...effort,
    });
    const line = result.stdout.split('\n').findLast((text) => text.startsWith(question.marker));
    if (line === undefined) throw silent(result);
    const answer = pluginAnswerSchema.parse(JSON.parse(line.slice(question.marker.length)));
    if (!('fault' in answer)) return answer.value;
    const { name, message, code, context } = answer.fault;
    if (isErrorCode(code)) throw new BelayError(code, message, context === undefined ? {} : { context });
    throw Object.assign(new Error(message), { name });
  }
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return (errorCodes as readonly (string | undefined)[]).includes(code);
}

function silent({ exitCode, signal, stdout, stderr }: CommandResult): BelayError {
  const said = (stderr.trim() === '' ? stdout : stderr).trim();
  const words = said.length > ERROR_OUTPUT_CHARACTERS ? `… ${said.slice(-ERROR_OUTPUT_CHARACTERS)}` : said;
  return new BelayError('command-failed', `ended its process (${exitCode === null ? (signal ?? 'a signal') : `exit code ${exitCode}`}) without an answer${words === '' ? '' : `: ${words}`}`);
}
