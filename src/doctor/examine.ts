import PQueue from 'p-queue';
import { errorText } from '../fault/belay-error.js';
import { DeadlineError, withDeadline } from '../source/deadline.js';
import type { Dependents, Examination, Finding } from './finding.js';
import { mendOf } from './mend.js';

const AT_ONCE = 8;

/** Looks at everything, several at once, each within its own time. `onLooked` hears how many of all are done. Rejects only when `signal` aborts. */
export async function examine(examinations: readonly Examination[], onLooked: (done: number, all: number) => void, signal: AbortSignal): Promise<readonly Finding[]> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const all = examinations.reduce((count, { dependents }) => count + 1 + (dependents?.examinations.length ?? 0), 0);
  let done = 0;
  const look = (examination: Examination): Promise<Looked> =>
    queue.add(async () => {
      const looked = await lookAt(examination, signal);
      onLooked(++done, all);
      return looked;
    });
  const found = await Promise.all(
    examinations.map(async (examination) => {
      const { findings, answered } = await look(examination);
      const after = examination.dependents?.examinations ?? [];
      if (answered) return [...findings, ...(await Promise.all(after.map(look))).flatMap((looked) => looked.findings)];
      done += after.length;
      return findings;
    }),
  );
  return found.flat();
}

interface Looked {
  readonly findings: readonly Finding[];
  /** It could be looked at, whatever was found. */
  readonly answered: boolean;
}

async function lookAt({ area, name, timeoutMs, look, dependents }: Examination, signal: AbortSignal): Promise<Looked> {
  try {
    // What does not listen to the signal is not waited for.
    const found = await withDeadline(timeoutMs, signal, (deadline) => Promise.race([look(deadline), aborted(deadline)]));
    return { answered: true, findings: Array.isArray(found) ? (found as readonly Finding[]) : [{ area, name, ...(found as Omit<Finding, 'area' | 'name'>) }] };
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof DeadlineError ? `no answer within ${timeoutMs / 1000}s` : errorText(error);
    return { answered: false, findings: [{ area, name, status: 'bad', message: `${message}${dependentsText(dependents)}`, mend: mendOf(error) }] };
  }
}

function dependentsText({ area, count }: Dependents = { area: 'trigger', count: 0, examinations: [] }): string {
  if (count === 0) return '';
  return count === 1 ? `; 1 ${area} depends on it and sees nothing` : `; ${count} ${area}s depend on it and see nothing`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
