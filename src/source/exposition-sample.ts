import { MalformedLine, type LineCursor } from './line-cursor.js';
import { parsePrometheusNumber } from './prometheus-number.js';
import type { Labels } from './sample.js';

export type ExpositionFormat = 'text' | 'openmetrics';

export interface ExpositionSample {
  readonly name: string;
  /** Without empty ones, which are the same as missing ones. */
  readonly labels: Labels;
  readonly value: number;
  /** Milliseconds since the epoch; absent when the document leaves the time to its reader, as it nearly always does. */
  readonly timestampMs?: number;
}

const WHOLE_NUMBER = /^-?\d+$/;

/** Reads `name{labels} value [timestamp] [# exemplar]`; `undefined` for a sound sample that nobody wants. */
export function readSample(cursor: LineCursor, format: ExpositionFormat, wants?: (name: string) => boolean): ExpositionSample | undefined {
  const name = cursor.name('metric name');
  const blank = cursor.skipBlanks();
  const labels = readLabels(cursor);
  if (labels !== undefined) cursor.skipBlanks();
  else if (!blank) cursor.expect(' ');
  const value = readNumber(cursor, 'a value');
  cursor.skipBlanks();
  const timestampMs = cursor.atEnd || cursor.startsWith('#') ? undefined : readTimestamp(cursor, format);
  cursor.skipBlanks();
  if (format === 'openmetrics' && cursor.take('#')) readExemplar(cursor);
  if (!cursor.atEnd) throw new MalformedLine(`${JSON.stringify(cursor.rest().slice(0, 40))} follows the sample`);
  if (wants?.(name) === false) return undefined;
  const kept = labels === undefined ? {} : Object.fromEntries([...labels].filter(([, labelValue]) => labelValue !== ''));
  return { name, labels: kept, value, ...(timestampMs === undefined ? {} : { timestampMs }) };
}

function readLabels(cursor: LineCursor): ReadonlyMap<string, string> | undefined {
  if (!cursor.take('{')) return undefined;
  const labels = new Map<string, string>();
  for (;;) {
    cursor.skipBlanks();
    if (cursor.take('}')) return labels;
    const name = cursor.name('label name');
    if (labels.has(name) || name === '__name__') throw new MalformedLine(`the label ${name} is there twice`);
    cursor.skipBlanks();
    cursor.expect('=');
    cursor.skipBlanks();
    labels.set(name, cursor.quoted());
    cursor.skipBlanks();
    if (!cursor.startsWith('}')) cursor.expect(',');
  }
}

function readNumber(cursor: LineCursor, what: string): number {
  const word = cursor.word();
  const value = parsePrometheusNumber(word);
  if (value === undefined) throw new MalformedLine(`${word === '' ? 'nothing' : JSON.stringify(word.slice(0, 40))} stands where ${what} should be`);
  return value;
}

/** Whole milliseconds in the text format, seconds with fractions in OpenMetrics. */
function readTimestamp(cursor: LineCursor, format: ExpositionFormat): number {
  const word = cursor.word();
  if (format === 'text' && WHOLE_NUMBER.test(word)) return Number(word);
  const seconds = format === 'openmetrics' ? parsePrometheusNumber(word) : undefined;
  if (seconds === undefined || !Number.isFinite(seconds)) throw new MalformedLine(`${JSON.stringify(word.slice(0, 40))} stands where a timestamp should be`);
  return Math.round(seconds * 1000);
}

/** Exemplars are checked and dropped: nothing here asks for them. */
function readExemplar(cursor: LineCursor): void {
  cursor.skipBlanks();
  if (readLabels(cursor) === undefined) throw new MalformedLine('an exemplar has no labels');
  cursor.skipBlanks();
  readNumber(cursor, "an exemplar's value");
  cursor.skipBlanks();
  if (!cursor.atEnd) readTimestamp(cursor, 'openmetrics');
  cursor.skipBlanks();
}
