import { parsePrometheusNumber } from '../source/prometheus-number.js';

export interface CsvPoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly value: number;
}

/** From here on a number is milliseconds: as seconds it would be the year 5138, and as milliseconds it is 1973. */
const LEAST_MS = 1e11;
const NUMBER = /^\d+(?:\.\d+)?$/;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** An instant as unix seconds, unix milliseconds or RFC 3339; `undefined` when it is none of them. */
export function parseInstant(text: string): number | undefined {
  if (NUMBER.test(text)) {
    const number = Number(text);
    return Math.round(number < LEAST_MS ? number * 1_000 : number);
  }
  const at = RFC_3339.test(text) ? Date.parse(text.replace(/^(\S+) /, '$1T')) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** Reads `timestamp,value`; otherwise the sentence that tells what is wrong. */
export function parseCsvLine(line: string): CsvPoint | { readonly problem: string } {
  const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const [time = '', number = ''] = cells;
  if (cells.length !== 2) return { problem: `has ${cells.length} column${cells.length === 1 ? '' : 's'}, not the two of timestamp,value` };
  const at = parseInstant(time);
  if (at === undefined) return { problem: `"${shown(time)}" is not a time: write unix seconds, unix milliseconds or RFC 3339 (2026-05-01T12:00:00Z)` };
  const value = parsePrometheusNumber(number);
  if (value === undefined) return { problem: `"${shown(number)}" is not a value: write a number, NaN, +Inf or -Inf` };
  return { at, value };
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
