import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand, sweepAttempt } from '../../src/process/run-command.js';
import { carriers, waitFor } from '../support/processes.js';

const never = new AbortController().signal;
let directory: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'belay-command-')));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function script(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

it('tells what a command prints while it runs, whole characters at a time', async () => {
  const heard = join(directory, 'heard');
  const path = script('talk.sh', `#!/bin/sh\nprintf 'gr\\303'\nsleep 0.05\nprintf '\\274n\\n'\nwhile [ ! -e ${heard} ]; do sleep 0.02; done\necho over >&2\n`);
  let text = '';
  await runCommand({
    argv: [path],
    signal: never,
    onOutput: (more) => {
      text += more;
      // Until this has been heard, the command does not end.
      if (text === 'grün\n') writeFileSync(heard, '');
    },
  });
  expect(text).toBe('grün\nover\n');
});

describe('what a command is given', () => {
  it('hands hostile arguments over as they are', async () => {
    const hostile = ['; rm -rf /', '$(touch pwned)', '`id`', '--flag', '../../etc/passwd', 'two\nlines', '', '*', 'ünï'];
    const result = await runCommand({ argv: [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...hostile], cwd: directory, signal: never });
    expect(JSON.parse(result.stdout)).toEqual(hostile);
    expect(existsSync(join(directory, 'pwned'))).toBe(false);
  });

  it('refuses a NUL character and an empty program before it starts anything', async () => {
    await expect(runCommand({ argv: ['touch', join(directory, 'a\0b')], signal: never })).rejects.toMatchObject({ code: 'parameter-invalid' });
    await expect(runCommand({ argv: [], signal: never })).rejects.toMatchObject({ code: 'parameter-invalid' });
  });

  it('passes on PATH and what is declared, and none of its own secrets', async () => {
    process.env['BELAY_TOKEN'] = 'top-secret-token';
    try {
      const { stdout } = await runCommand({ argv: ['env'], env: { GREETING: 'hello' }, attemptId: 'attempt-1', signal: never });
      expect(stdout).toContain(`PATH=${process.env['PATH']!}`);
      expect(stdout).toContain('GREETING=hello');
      expect(stdout).toContain('BELAY_ATTEMPT_ID=attempt-1');
      expect(stdout).not.toContain('top-secret-token');
    } finally {
      delete process.env['BELAY_TOKEN'];
    }
  });

  it('writes the input, and does not mind a program that reads none of it', async () => {
    expect((await runCommand({ argv: ['cat'], input: 'as it is', signal: never })).stdout).toBe('as it is');
    expect((await runCommand({ argv: ['true'], input: 'x'.repeat(4_000_000), signal: never })).exitCode).toBe(0);
    expect((await runCommand({ argv: ['cat'], signal: never })).stdout).toBe('');
  });
});

describe('what comes of it', () => {
  it('returns exit codes, signals and both outputs', async () => {
    const failing = script('failing', '#!/bin/sh\necho out; echo err >&2; exit 3\n');
    expect(await runCommand({ argv: [failing], signal: never })).toEqual({ exitCode: 3, signal: null, stdout: 'out\n', stderr: 'err\n', truncated: false });
    const killed = script('killed', '#!/bin/sh\nkill -KILL $$\n');
    expect(await runCommand({ argv: [killed], signal: never })).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('names the program or the directory that is missing', async () => {
    await expect(runCommand({ argv: ['belay-no-such-program'], signal: never })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('belay-no-such-program') as string });
    await expect(runCommand({ argv: ['true'], cwd: join(directory, 'gone'), signal: never })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('gone') as string });
    writeFileSync(join(directory, 'plain'), 'text');
    await expect(runCommand({ argv: [join(directory, 'plain')], signal: never })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('may not be executed') as string });
    await expect(runCommand({ argv: ['true', 'x'.repeat(1_000_000)], signal: never })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('longer than the system allows') as string });
  });

  it('keeps the beginning and the end of a long output', async () => {
    const program = 'process.stdout.write("first " + "x".repeat(3_000_000) + " last")';
    const result = await runCommand({ argv: [process.execPath, '-e', program], maxOutputBytes: 100, signal: never });
    expect(result.truncated).toBe(true);
    expect(result.stdout).toMatch(/^first x{44}\n\[… 2999911 bytes left out …\]\nx{45} last$/);
  });

  it('loses no output of a command that has ended, however much the pipe holds', async () => {
    const result = await runCommand({ argv: ['sh', '-c', 'head -c 200000 /dev/zero | tr "\\0" y'], signal: never });
    expect(result.stdout).toHaveLength(200_000);
  });

  it('returns promptly from a command that leaves a daemon behind with its pipes, and lets the daemon live and print', async () => {
    const daemon = script('daemon', '#!/bin/sh\nwhile [ ! -e stop ]; do echo "still here"; sleep 0.05; done\ntouch stopped\n');
    const starter = script('starter', `#!/bin/sh\nsetsid ${daemon} &\necho started\n`);
    const startedAt = performance.now();
    const result = await runCommand({ argv: [starter], cwd: directory, attemptId: 'daemon-attempt', signal: never });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('started\n') as string });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(carriers('BELAY_ATTEMPT_ID=daemon-attempt')).not.toHaveLength(0);
    writeFileSync(join(directory, 'stop'), '');
    await waitFor(() => existsSync(join(directory, 'stopped')));
  });
});

describe('ending a command', () => {
  // Ignores SIGTERM, and its children do as well: a plain one, one in a session of its own, one that is orphaned, one
  // that cleared its environment, and one that is replaced by a new one as soon as it ends.
  const stubborn = `#!/bin/bash
trap '' TERM
sleep 1000 &
setsid sleep 1000 &
( setsid bash -c 'sleep 1000 & disown; exec sleep 1000' & )
env -i setsid sleep 1000 &
( while true; do setsid sleep 0.2; done ) &
echo $$ > pid
echo ready
while true; do sleep 1000; done
`;

  it('leaves no process of it after an abort, even when it and its children refuse to go', async () => {
    const abort = new AbortController();
    const running = runCommand({ argv: [script('stubborn', stubborn)], cwd: directory, attemptId: 'stubborn-attempt', killGraceMs: 300, signal: abort.signal });
    const outcome = running.then(() => undefined, (error: unknown) => error);
    await waitFor(() => existsSync(join(directory, 'pid')) && sleepersOf(directory).length >= 5);
    const reason = new Error('timed out after 1s');
    const abortedAt = performance.now();
    abort.abort(reason);
    expect(await outcome).toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(3_000);
    expect(carriers('BELAY_ATTEMPT_ID=stubborn-attempt')).toEqual([]);
    expect(sleepersOf(directory)).toEqual([]);
  });

  it('lets a command that listens to SIGTERM clean up', async () => {
    const polite = script('polite', '#!/bin/bash\ntrap "touch cleaned; exit 0" TERM\ntouch ready\nwhile true; do sleep 0.02; done\n');
    const abort = new AbortController();
    const outcome = runCommand({ argv: [polite], cwd: directory, signal: abort.signal }).then(() => undefined, (error: unknown) => error);
    await waitFor(() => existsSync(join(directory, 'ready')));
    abort.abort(new Error('cancelled'));
    expect(await outcome).toMatchObject({ message: 'cancelled' });
    expect(existsSync(join(directory, 'cleaned'))).toBe(true);
  });

  it('does not start a command whose signal has aborted already', async () => {
    await expect(runCommand({ argv: ['touch', join(directory, 'touched')], signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
    expect(existsSync(join(directory, 'touched'))).toBe(false);
  });

  it('does not end what an earlier command of the same attempt has deployed', async () => {
    await runCommand({ argv: ['bash', '-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo $! > service'], cwd: directory, attemptId: 'two-commands', signal: never });
    await expect(runCommand({ argv: ['sleep', '1000'], attemptId: 'two-commands', signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(carriers('BELAY_ATTEMPT_ID=two-commands')).toHaveLength(1);
    await sweepAttempt('two-commands', 200);
    expect(carriers('BELAY_ATTEMPT_ID=two-commands')).toEqual([]);
  });

  it('sweeps what is left of an attempt when Belay itself was killed', async () => {
    const program = join(directory, 'belay.mts');
    const module = join(import.meta.dirname, '../../src/process/run-command.ts');
    writeFileSync(program, `import { runCommand } from ${JSON.stringify(module)};
await runCommand({ argv: [${JSON.stringify(script('stubborn', stubborn))}], cwd: ${JSON.stringify(directory)}, attemptId: 'swept-attempt', signal: new AbortController().signal });
`);
    const { spawn } = await import('node:child_process');
    const belay = spawn(process.execPath, ['--import', 'tsx', program], { stdio: 'ignore', cwd: join(import.meta.dirname, '../..') });
    await waitFor(() => existsSync(join(directory, 'pid')));
    belay.kill('SIGKILL');
    await waitFor(() => belay.signalCode !== null);
    const pid = readFileSync(join(directory, 'pid'), 'utf8').trim();
    expect(carriers('BELAY_ATTEMPT_ID=swept-attempt')).toContain(Number(pid));
    await sweepAttempt('swept-attempt', 200);
    expect(carriers('BELAY_ATTEMPT_ID=swept-attempt')).toEqual([]);
    expect(sleepersOf(directory)).toEqual([]);
  });
});

/** Every living process, whatever its environment, that works in the directory of this test. */
function sleepersOf(cwd: string): string[] {
  return execFileSync('bash', ['-c', 'for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = "$0" ] && echo ${p#/proc/}; done; true', cwd], { cwd: '/', encoding: 'utf8' }).split('\n').filter(Boolean);
}
