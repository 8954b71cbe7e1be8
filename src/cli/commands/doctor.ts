import { resolve } from 'node:path';
import type { Command } from 'commander';
import { doctor } from '../../doctor/doctor.js';
import type { Finding } from '../../doctor/finding.js';
import { systemClock } from '../../time/clock.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';

/** `belay doctor`: does everything answer that the files name? */
export function doctorCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('doctor')
    .description('ask every source, provider, channel and health endpoint with the real credentials, and say what is missing and how to mend it')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nIt only reads: nothing is changed, and nobody is told anything. Exit code 1 when something is bad; warnings alone are well.\n\nExamples:\n  belay doctor\n  belay doctor --json | jq \'.findings[] | select(.status == "bad")\'')
    .action(async (options: { json?: boolean }, command: Command) => {
      const output = new Output();
      const progress = new Progress();
      const onLooked = options.json === true || !process.stderr.isTTY ? (): void => undefined : (count: number, all: number): void => progress.show(`looked at ${count} of ${all}`, count / all);
      const findings = await doctor(resolve(configFileOf(command)), systemClock, onLooked, new AbortController().signal).finally(() => progress.clear());
      const bad = findings.filter(({ status }) => status === 'bad').length;
      if (options.json === true) output.json({ ok: bad === 0, findings });
      else output.answer([...findings.map((finding) => findingText(finding, output)), '', countText(findings, output)].join('\n'));
      done(bad === 0 ? exitCodes.ok : exitCodes.bad);
    });
}

function findingText({ area, name, status, message, mend }: Finding, output: Output): string {
  const marks = { ok: output.style('green', '✓'), warning: output.style('yellow', '!'), bad: output.style('red', '✗'), skipped: output.style('dim', '–') };
  const subject = area === name ? name : `${area} ${name}`;
  return `${marks[status]} ${output.style('bold', subject)}: ${message}${mend === undefined ? '' : `\n    ${output.style('cyan', `→ ${mend}`)}`}`;
}

function countText(findings: readonly Finding[], output: Output): string {
  const count = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length;
  const [bad, warnings] = [count('bad'), count('warning')];
  if (bad === 0) return output.style('green', `well: ${count('ok')} answer${warnings === 0 ? '' : `, ${warnings} to look at`}`);
  return output.style('red', `${bad} bad${warnings === 0 ? '' : `, ${warnings} to look at`}, ${count('ok')} well`);
}
