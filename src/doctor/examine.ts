import PQueue from 'p-queue';
import { errorText } from '../fault/belay-error.js';
import { DeadlineError, withDeadline } from '../source/deadline.js';
import type { Examination, Finding } from './finding.js';
import { mendOf } from './mend.js';

const AT_ONCE = 8;

/** Looks at everything, several at once, each within its own time. `onLooked` hears how many are done. Rejects only when `signal` aborts. */
export async function examine(examinations: readonly Examination[], onLooked: (done: number) => void, signal: AbortSignal): Promise<readonly Finding[]> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  let done = 0;
  const looked = await Promise.all(
    examinations.map((examination) =>
      queue.add(async () => {
        const findings = await lookAt(examination, signal);
        onLooked(++done);
        return findings;
      }),
    ),
  );
  return looked.flat();
}

async function lookAt({ area, name, timeoutMs, look }: Examination, signal: AbortSignal): Promise<readonly Finding[]> {
  try {
    // What does not listen to the signal is not waited for.
    const found = await withDeadline(timeoutMs, signal, (deadline) => Promise.race([look(deadline), aborted(deadline)]));
    return Array.isArray(found) ? (found as readonly Finding[]) : [{ area, name, ...(found as Omit<Finding, 'area' | 'name'>) }];
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof DeadlineError ? `no answer within ${timeoutMs / 1000}s` : errorText(error);
    return [{ area, name, status: 'bad', message, mend: mendOf(error) }];
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
