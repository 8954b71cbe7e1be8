import type { Labels, Observation, Sample } from '../../src/source/sample.js';
import type { Query, Source } from '../../src/source/source.js';
import type { Clock } from '../../src/time/clock.js';

export interface Script {
  readonly startAt: number;
  readonly intervalMs: number;
  /** How long each token of the notation lasts; the interval unless told. */
  readonly stepMs?: number;
  /**
   * One line per series: `{pod="a"}` or, for a series without labels, the empty string. Tokens: a number; `_` the
   * series is missing; `nan`; `stale`; `err` the whole answer is an error. `0.2x3` stands for three of them. Before
   * its beginning a series is missing, and its last token lasts for ever.
   */
  readonly series: Readonly<Record<string, string>>;
  /** What the source remembers, in the same notation; without it there is no history. */
  readonly remembers?: Readonly<Record<string, string>>;
  /** How long each answer takes, by this clock. */
  readonly answerAfterMs?: number;
  readonly clock?: Clock;
}

/** A source that answers from a script and writes down what it was asked. */
export class ScriptedSource implements Source {
  readonly name = 'scripted';
  readonly intervalMs: number;
  readonly asked: number[] = [];
  readonly askedAboutPast: { readonly fromAt: number; readonly toAt: number; readonly stepMs: number }[] = [];
  readonly history?: NonNullable<Source['history']>;
  /** The most questions that were ever under way at once. */
  mostAtOnce = 0;
  answerAfterMs: number;
  #underWay = 0;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
    this.intervalMs = script.intervalMs;
    this.answerAfterMs = script.answerAfterMs ?? 0;
    const { remembers } = script;
    if (remembers !== undefined) {
      this.history = async (_query, fromAt, toAt, stepMs) => {
        this.askedAboutPast.push({ fromAt, toAt, stepMs });
        const instants = Array.from({ length: Math.floor((toAt - fromAt) / stepMs) + 1 }, (_, index) => fromAt + index * stepMs);
        return instants.map((at) => scripted(remembers, script, at));
      };
    }
  }

  async observe(_query: Query, at: number, signal: AbortSignal): Promise<Observation> {
    this.asked.push(at);
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    try {
      const { clock } = this.#script;
      if (this.answerAfterMs > 0 && clock !== undefined) await clock.sleepUntil(clock.now() + this.answerAfterMs, signal);
      signal.throwIfAborted();
      return scripted(this.#script.series, this.#script, at);
    } finally {
      this.#underWay -= 1;
    }
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

/** The answers of a script at `startAt`, `startAt + intervalMs`, …: one per token of its longest line. */
export function scriptedObservations(series: Readonly<Record<string, string>>, { startAt, intervalMs }: { startAt: number; intervalMs: number }): Observation[] {
  const length = Math.max(...Object.values(series).map((line) => tokensOf(line).length));
  return Array.from({ length }, (_, index) => scripted(series, { startAt, intervalMs }, startAt + index * intervalMs));
}

function scripted(series: Readonly<Record<string, string>>, script: Pick<Script, 'startAt' | 'intervalMs' | 'stepMs'>, at: number): Observation {
  const index = Math.floor((at - script.startAt) / (script.stepMs ?? script.intervalMs));
  const samples = Object.entries(series).map(([labels, line]) => {
    const tokens = tokensOf(line);
    return { labels: labelsOf(labels), token: index < 0 ? '_' : (tokens[index] ?? tokens.at(-1) ?? '_') };
  });
  if (samples.some(({ token }) => token === 'err')) return { kind: 'error', at, reason: 'unreachable', message: 'connect ECONNREFUSED' };
  const present = samples.filter(({ token }) => token !== '_');
  return { kind: 'vector', at, warnings: [], series: present.map(({ labels, token }) => ({ labels, sample: sampleOf(token, at) })) };
}

function tokensOf(line: string): string[] {
  return line
    .trim()
    .split(/\s+/)
    .flatMap((token) => {
      const repeated = /^(.+)x(\d+)$/.exec(token);
      return repeated === null ? [token] : Array.from({ length: Number(repeated[2]) }, () => repeated[1] ?? '');
    });
}

function sampleOf(token: string, at: number): Sample {
  if (token === 'nan') return { kind: 'no-data', at, reason: 'nan' };
  if (token === 'stale') return { kind: 'stale', at };
  const value = Number(token);
  if (Number.isNaN(value)) throw new Error(`"${token}" is not a token of a scripted series`);
  return { kind: 'value', at, value };
}

function labelsOf(written: string): Labels {
  return Object.fromEntries([...written.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']));
}
