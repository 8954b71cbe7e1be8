import type { Observation, SourceErrorReason } from './sample.js';

export function errorObservation(at: number, reason: SourceErrorReason, message: string): Observation {
  return { kind: 'error', at, reason, message };
}

/** One number as an answer: NaN is no data. */
export function valueObservation(at: number, value: number, warnings: readonly string[] = []): Observation {
  return { kind: 'vector', at, series: [{ labels: {}, sample: valueSample(at, value) }], warnings };
}

export function valueSample(at: number, value: number): { kind: 'value'; at: number; value: number } | { kind: 'no-data'; at: number; reason: 'nan' } {
  return Number.isNaN(value) ? { kind: 'no-data', at, reason: 'nan' } : { kind: 'value', at, value };
}
