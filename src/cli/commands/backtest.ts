import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { runBacktest } from '../../backtest/backtest.js';
import { backtestHtml } from '../../backtest/backtest-html.js';
import { summarize } from '../../backtest/backtest-summary.js';
import { backtestText } from '../../backtest/backtest-text.js';
import { readConfig } from '../../daemon/read-config.js';
import { BelayError } from '../../fault/belay-error.js';
import { Redactor } from '../../secret/redactor.js';
import { systemClock } from '../../time/clock.js';
import { instantText } from '../../time/instant-text.js';
import { parseDuration } from '../../time/duration.js';
import type { Trigger } from '../../trigger/trigger.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { instantArgument } from '../instant-argument.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';

interface BacktestOptions {
  readonly from?: number;
  readonly to?: number;
  readonly trigger: readonly string[];
  readonly step?: number;
  readonly csv?: string;
  readonly change: readonly { readonly target: string; readonly at: number }[];
  readonly html?: string;
  readonly json?: boolean;
}

/** `belay backtest`: when would it have fired? */
export function backtestCommand(program: Command, done: (code: ExitCode) => void): void {
  const now = systemClock.now();
  program
    .command('backtest')
    .description('replay the past through the triggers: when would each have fired, and what would have started')
    .option('--from <instant>', 'RFC 3339, unix seconds, or a duration ago (30d)', instantArgument(now))
    .option('--to <instant>', 'the same; now when left out', instantArgument(now))
    .option('--trigger <name>', 'only this trigger; may be given several times', (name, names: readonly string[]) => [...names, name], [])
    .option('--step <duration>', "the distance of two looks, instead of the source's interval", step)
    .option('--csv <folder>', 'read TRIGGER.csv files (timestamp,value) instead of asking Prometheus')
    .option('--change <target=instant>', 'when a target was deployed, for baselines before a change; may be given several times', (text, known: BacktestOptions['change']) => [...known, changeArgument(text, now)], [])
    .option('--html <file>', 'also write one self-contained page with a plot for each trigger')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExit code 1 when a trigger would have fired, or when the past of one could not be read.\n\nExamples:\n  belay backtest --from 30d\n  belay backtest --from 2026-05-01T00:00:00Z --to 2026-06-01T00:00:00Z --html may.html\n  belay backtest --csv ./samples --trigger CheckoutErrorRateHigh')
    .action(async (options: BacktestOptions, command: Command) => {
      const { fromAt, toAt } = rangeOf(options, now);
      const redactor = new Redactor();
      const config = await readConfig(resolve(configFileOf(command)), redactor);
      const output = new Output();
      const progress = new Progress();
      const onShare = options.json === true ? (): void => undefined : ({ name }: Trigger, share: number): void => progress.show(name, share);
      const request = { config, fromAt, toAt, triggers: options.trigger, stepMs: options.step, csvFolder: options.csv, changes: options.change };
      const backtest = await runBacktest(request, onShare, new AbortController().signal).finally(() => progress.clear());
      const summary = summarize(backtest);
      if (options.html !== undefined) await writeFile(options.html, redactor.text(backtestHtml(backtest, summary, titleOf(fromAt, toAt))));
      if (options.json === true) output.json(summary);
      else output.answer(redactor.text(backtestText(summary, (style, text) => output.style(style, text))));
      done(summary.fired || summary.failed.length > 0 ? exitCodes.bad : exitCodes.ok);
    });
}

function rangeOf({ from, to, csv }: BacktestOptions, now: number): { readonly fromAt?: number | undefined; readonly toAt?: number | undefined } {
  if (from === undefined && csv === undefined) throw new BelayError('wrong-use', 'say from when on, such as --from 30d');
  const toAt = csv === undefined ? Math.min(to ?? now, now) : to;
  if (from !== undefined && toAt !== undefined && from >= toAt) throw new BelayError('wrong-use', `--from (${instantText(from)}) must be before --to (${instantText(toAt)})`);
  return { fromAt: from, toAt };
}

function changeArgument(text: string, now: number): BacktestOptions['change'][number] {
  const [, target, instant] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  if (target === undefined || instant === undefined) throw new InvalidArgumentError('a change is TARGET=INSTANT, such as checkout=2026-05-01T12:00:00Z');
  return { target, at: instantArgument(now)(instant) };
}

function titleOf(fromAt: number | undefined, toAt: number | undefined): string {
  const span = [...(fromAt === undefined ? [] : [instantText(fromAt)]), ...(toAt === undefined ? [] : [`to ${instantText(toAt)}`])].join(' ');
  return `Belay backtest${span === '' ? '' : `, ${span}`}`;
}

function step(text: string): number {
  const stepMs = parseDuration(text);
  if (stepMs === undefined || stepMs < 1) throw new InvalidArgumentError('a step is a duration such as 15s');
  return stepMs;
}
