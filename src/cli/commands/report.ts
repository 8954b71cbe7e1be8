import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import { daemonOf } from '../context.js';
import { Output } from '../output.js';

interface ReportOptions {
  readonly period?: string;
  readonly format: 'markdown' | 'html' | 'json';
  readonly json?: boolean;
  readonly out?: string;
}

/** `belay report ID` and `belay report --period 90d`. */
export function reportCommand(program: Command): void {
  program
    .command('report')
    .argument('[id]', 'the incident; without it, a report of a period')
    .description('what happened, for people who were not there')
    .option('--period <duration>', 'how far back, for a report of a period (default: 90d)')
    .addOption(new Option('--format <format>', 'how it is written').choices(['markdown', 'html', 'json']).default('markdown'))
    .option('--json', 'for scripts: the same as --format json')
    .option('--out <file>', 'write it there')
    .addHelpText('after', '\nExamples:\n  belay report incident-1f0c…            the report, as Markdown\n  belay report incident-1f0c… --format html --out report.html\n  belay report --period 90d              how often, how fast, by target and level')
    .action(async (id: string | undefined, options: ReportOptions, command: Command) => {
      const format = options.json === true ? 'json' : options.format;
      const output = new Output();
      const text = await fetchReport(command, id, options.period, format);
      if (options.out === undefined) output.answer(text.trimEnd());
      else {
        await writeFile(options.out, text);
        output.talk(`written to ${options.out}`);
      }
    });
}

async function fetchReport(command: Command, id: string | undefined, period: string | undefined, format: ReportOptions['format']): Promise<string> {
  if (id !== undefined && period !== undefined) throw new BelayError('wrong-use', 'give either an incident or --period');
  if (id === undefined && format === 'html') throw new BelayError('wrong-use', 'the report of a period is written as markdown or json');
  const daemon = await daemonOf(command);
  const answer = id === undefined ? await daemon.get<unknown>('/api/v1/report', { period, format }) : await daemon.get<unknown>(`/api/v1/incidents/${encodeURIComponent(id)}/report`, { format });
  return typeof answer === 'string' ? answer : `${JSON.stringify(answer, undefined, 2)}\n`;
}
