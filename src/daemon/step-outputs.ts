import type { AttemptOutput } from '../rollback/execution-run.js';

const MAX_STEPS = 200;
const MAX_CHARACTERS = 8_000;
const CUT = '[…]\n';

/** What the newest attempts of steps have printed, its end only, in memory: to be looked at, and no record. */
export class StepOutputs {
  /** Those that were printed to last come last. */
  readonly #outputs = new Map<string, { readonly attempt: number; readonly text: string }>();

  note({ executionId, stepKey, number: attempt }: AttemptOutput, text: string): void {
    const key = keyOf(executionId, stepKey);
    const known = this.#outputs.get(key);
    this.#outputs.delete(key);
    this.#outputs.set(key, { attempt, text: lastOf(known?.attempt === attempt ? known.text + text : text) });
    const [oldest] = this.#outputs.keys();
    if (this.#outputs.size > MAX_STEPS && oldest !== undefined) this.#outputs.delete(oldest);
  }

  /** `undefined` where nothing is known to have been printed. */
  of(executionId: string, stepKey: string): string | undefined {
    return this.#outputs.get(keyOf(executionId, stepKey))?.text;
  }
}

function keyOf(executionId: string, stepKey: string): string {
  return `${executionId} ${stepKey}`;
}

/** Cut between two lines, so that nothing of a secret is left of which the beginning is gone. */
function lastOf(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  const lineEnd = text.indexOf('\n', text.length - MAX_CHARACTERS);
  return lineEnd < 0 ? CUT : `${CUT}${text.slice(lineEnd + 1)}`;
}
