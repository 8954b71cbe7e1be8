import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./store-process.ts', import.meta.url));

export type StoreAnswer = Readonly<Record<string, unknown>>;

export interface StoreProcess {
  readonly pid: number;
  /** Its first line: `{ready: true}`, or the error that it could not open the store for. */
  readonly opened: StoreAnswer;
  /** Everything that it has answered up to now, the first line left out. */
  readonly answers: readonly StoreAnswer[];
  ask(command: string): Promise<StoreAnswer>;
  /** Sends a command whose answers come by themselves, and waits for that many. */
  start(command: string, answerCount: number): Promise<void>;
  /** kill -9; resolves once the process is gone and all that it wrote was read. */
  kill(): Promise<void>;
}

export async function spawnStoreProcess(path: string): Promise<StoreProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  // Asking a process that is gone already is answered by the exit itself.
  child.stdin.on('error', () => undefined);
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  const answers: StoreAnswer[] = [];
  const waiting = new Set<() => void>();
  lines.on('line', (line) => {
    answers.push(JSON.parse(line) as StoreAnswer);
    for (const check of waiting) check();
  });
  const until = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (answers.length < count) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      void closed.then(() => reject(new Error('the store process ended before it answered')));
      check();
    });
  await until(1);
  return {
    pid: child.pid as number,
    opened: answers[0] as StoreAnswer,
    get answers() {
      return answers.slice(1);
    },
    async ask(command) {
      const next = answers.length + 1;
      child.stdin.write(`${command}\n`);
      await until(next);
      return answers[next - 1] as StoreAnswer;
    },
    async start(command, answerCount) {
      const next = answers.length + answerCount;
      child.stdin.write(`${command}\n`);
      await until(next);
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
