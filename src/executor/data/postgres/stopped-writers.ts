import { z } from 'zod';
import { BelayError, errorText } from '../../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../../calls/command-line.js';
import { runProviderCommandWell } from '../../calls/provider-command.js';
import type { TemplateValues } from '../../calls/template.js';
import type { Effort, StateChange } from '../../state-executor.js';
import { AFTERMATH_MS } from './snapshot-aftermath.js';

/** How what writes is stopped, and started again. Either may be run more than once. */
export const writersSchema = z.strictObject({
  stop: argumentList.describe('Keeps writers off.'),
  start: argumentList.describe('Lets them go on.'),
  ...commandSurroundings,
});
export type Writers = z.infer<typeof writersSchema>;

/**
 * A change during which what writes is stopped by a command. It is started again behind the change, also where that was
 * made already, because a run that died in between may have left it stopped; and where the change fails, since what it
 * writes to is then as it was.
 */
export function withWritersStopped(change: StateChange, writers: Writers, directory: string, values: TemplateValues): StateChange {
  const run = async (argv: readonly string[], effort: Effort): Promise<void> => {
    await runProviderCommandWell(argv, { ...writers, directory }, values, effort);
  };
  return {
    ...change,
    async apply(effort) {
      try {
        await run(writers.stop, effort);
        await change.apply(effort);
      } catch (error) {
        // Not by the step's own signal, which may be what has ended it.
        await run(writers.start, { signal: AbortSignal.timeout(AFTERMATH_MS) }).catch((fault: unknown) => {
          throw new BelayError('provider-refused', `${errorText(error)}; and what was stopped does not run again: ${errorText(fault)}`, { cause: error });
        });
        throw error;
      }
    },
    follow: (effort) => run(writers.start, effort),
    following: 'what writes starts again',
  };
}
