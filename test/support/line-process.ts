import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that prints one line when it is ready, then one for each line that it is told, and ends with its input. */
export interface LineProcess {
  readonly firstLine: string;
  ask(line: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startLineProcess(script: string, env: Readonly<Record<string, string>>): Promise<LineProcess> {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const closed = once(child, 'close');
  const ended = closed.then(() => Promise.reject(new Error(`${script} has ended: ${complaints}`)));
  ended.catch(() => undefined);
  // Answers come in the order of the questions.
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  const next = (): Promise<string> => Promise.race([new Promise<string>((resolve) => waiting.push(resolve)), ended]);
  const firstLine = await next();
  return {
    firstLine,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    async stop() {
      child.stdin.end();
      await closed;
    },
  };
}
