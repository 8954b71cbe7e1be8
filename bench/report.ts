import { cpus, loadavg } from 'node:os';
import type { IdleLoads } from './idle.js';
import { contenders, type Contender, type Overheads } from './reaction.js';

export interface BenchResult {
  readonly at: Date;
  readonly forSeconds: number;
  readonly overheads: Overheads;
  readonly triggers: number;
  readonly idleSeconds: number;
  readonly idle: IdleLoads;
}

const contenderNames: Readonly<Record<Contender, string>> = {
  belay: 'Belay on the Prometheus source',
  tuned: 'rule, Alertmanager `group_wait: 0s`, webhook program',
  stock: 'rule, Alertmanager with its defaults (`group_wait: 30s`), webhook program',
  poller: 'naive poller, once a second',
};

/** The whole result as Markdown that also reads well in a terminal. */
export function report(result: BenchResult): string {
  const { overheads, idle } = result;
  const tuned = median(overheads.tuned);
  const runs = overheads.belay.length;
  const reactions = contenders.map((contender) => {
    const times = overheads[contender];
    return [contenderNames[contender], seconds(median(times)), seconds(Math.min(...times)), seconds(Math.max(...times)), ratio(median(times) / tuned)];
  });
  const loads = ([['Belay', idle.belay], ['the Prometheus that it asks', idle.askedPrometheus], ['a Prometheus with the same triggers as rules', idle.rulesPrometheus]] as const).map(
    ([name, { cpu, memoryMiB }]) => [name, `${(cpu * 100).toFixed(1)}%`, `${memoryMiB.toFixed(0)} MiB`, ratio(cpu / idle.rulesPrometheus.cpu), ratio(memoryMiB / idle.rulesPrometheus.memoryMiB)],
  );
  return [
    `${result.at.toISOString().slice(0, 16).replace('T', ' ')} UTC; ${cpus().length} cores (${cpus()[0]?.model ?? 'of unknown kind'}), Node ${process.versions.node}; load average ${loadavg().map((load) => load.toFixed(1)).join(' ')}`,
    '',
    `Overhead beyond \`for: ${result.forSeconds}s\`, ${runs} breaches at random moments:`,
    '',
    table(['', 'median', 'min', 'max', 'of the tuned chain'], reactions),
    '',
    `${result.triggers} quiet triggers once a second, over ${result.idleSeconds} s:`,
    '',
    table(['', 'CPU of one core', 'memory', 'CPU of rules', 'memory of rules'], loads),
    '',
  ].join('\n');
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(3)} s`;
}

function ratio(quotient: number): string {
  return `× ${quotient.toFixed(2)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
