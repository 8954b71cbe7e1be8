import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { BelayError, errorText } from '../fault/belay-error.js';
import { valueObservation } from '../source/observation.js';
import type { Observation } from '../source/sample.js';
import { slotAtOrBefore } from '../time/slots.js';
import { type CsvPoint, parseCsvLine } from './csv-line.js';
import type { History, HistoryBatch } from './history.js';

export interface CsvRange {
  /** All that the file has when absent. */
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
  /** The distance that is most common at the file's beginning when absent. */
  readonly stepMs?: number | undefined;
  /** Of the file, to tell how far the reading is. */
  readonly bytes: number;
}

const BATCH_POINTS = 5_000;
const PROBED_POINTS = 200;
const MOST_FAULTS = 10;

/**
 * The samples of a `timestamp,value` file as a source would have answered them: each at its own time, and without data
 * at every step where the file has none. A step much longer than the file's own takes the first sample of each step.
 * Rejects with BelayError `parameter-invalid`, which names every bad line by `file:line`.
 */
export async function csvHistory(file: string, { fromAt = -Infinity, toAt = Infinity, stepMs: wanted, bytes }: CsvRange): Promise<History> {
  const ownStepMs = await commonStepMs(file);
  const stepMs = wanted ?? ownStepMs;
  if (stepMs === undefined) throw new BelayError('parameter-invalid', `${file} has fewer than two samples`, { context: { file } });
  const isThinned = ownStepMs !== undefined && stepMs >= 1.5 * ownStepMs;
  return { stepMs, batches: inBatches(file, { fromAt, toAt, stepMs, isThinned, bytes }) };
}

interface Reading {
  readonly fromAt: number;
  readonly toAt: number;
  readonly stepMs: number;
  readonly isThinned: boolean;
  readonly bytes: number;
}

async function* inBatches(file: string, reading: Reading): AsyncGenerator<HistoryBatch> {
  let observations: Observation[] = [];
  for await (const { observation, share } of ticksOf(file, reading)) {
    observations.push(observation);
    if (observations.length < BATCH_POINTS) continue;
    yield { observations, share };
    observations = [];
  }
  yield { observations, share: 1 };
}

async function* ticksOf(file: string, { fromAt, toAt, stepMs, isThinned, bytes }: Reading): AsyncGenerator<{ readonly observation: Observation; readonly share: number }> {
  let previousAt: number | undefined;
  let readBytes = 0;
  for await (const { at, value, lineBytes } of pointsOf(file)) {
    readBytes += lineBytes;
    if (at < fromAt || at > toAt) continue;
    if (previousAt !== undefined) {
      if (isThinned && slotAtOrBefore(at, stepMs) === slotAtOrBefore(previousAt, stepMs)) continue;
      for (let missingAt = previousAt + stepMs; missingAt <= at - 0.5 * stepMs; missingAt += stepMs) {
        yield { observation: { kind: 'vector', at: missingAt, series: [], warnings: [] }, share: readBytes / bytes };
      }
    }
    previousAt = at;
    yield { observation: valueObservation(at, value), share: readBytes / bytes };
  }
}

/** What is most often between two samples at the file's beginning; `undefined` where there are fewer than two. */
async function commonStepMs(file: string): Promise<number | undefined> {
  const counts = new Map<number, number>();
  let previousAt: number | undefined;
  let read = 0;
  for await (const { at } of pointsOf(file)) {
    if (previousAt !== undefined) counts.set(at - previousAt, (counts.get(at - previousAt) ?? 0) + 1);
    previousAt = at;
    read += 1;
    if (read >= PROBED_POINTS) break;
  }
  const [common] = [...counts].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || a - b);
  return common?.[0];
}

async function* pointsOf(file: string): AsyncGenerator<CsvPoint & { readonly lineBytes: number }> {
  const faults: string[] = [];
  let number = 0;
  let last = -Infinity;
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      number += 1;
      const text = number === 1 ? line.replace(/^\ufeff/, '') : line;
      if (text.trim() === '' || (number === 1 && /^"?timestamp"?\s*,/i.test(text))) continue;
      const point = parseCsvLine(text);
      const problem = 'problem' in point ? point.problem : point.at > last ? undefined : 'is not later than the line before it';
      if (problem === undefined && !('problem' in point)) {
        last = point.at;
        // Nothing is told of a file with a bad line, but all of its bad lines are.
        if (faults.length === 0) yield { ...point, lineBytes: line.length + 1 };
        continue;
      }
      faults.push(`${file}:${number}: ${problem ?? ''}`);
      if (faults.length > MOST_FAULTS) break;
    }
  } catch (error) {
    throw error instanceof BelayError ? error : new BelayError('parameter-invalid', `${file} cannot be read: ${errorText(error)}`, { context: { file }, cause: error });
  }
  if (faults.length === 0) return;
  const more = faults.length > MOST_FAULTS ? ['and more'] : [];
  throw new BelayError('parameter-invalid', [...faults.slice(0, MOST_FAULTS), ...more].join('\n'), { context: { file } });
}
