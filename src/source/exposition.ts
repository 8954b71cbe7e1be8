import { LineCursor, MalformedLine } from './line-cursor.js';
import { readSample, type ExpositionFormat, type ExpositionSample } from './exposition-sample.js';

/** Every sample as it is written, by its own full name (`x_bucket`, `x_total`), in the document's order. */
export interface Exposition {
  readonly samples: readonly ExpositionSample[];
}

export interface ExpositionProblem {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

export interface ReadOptions {
  readonly format: ExpositionFormat;
  /** Samples of other names are checked, but not kept. */
  readonly wants?: (name: string) => boolean;
  /** The most samples that are kept. */
  readonly maxSamples: number;
}

const TYPES: Readonly<Record<ExpositionFormat, ReadonlySet<string>>> = {
  text: new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']),
  openmetrics: new Set(['counter', 'gauge', 'histogram', 'gaugehistogram', 'stateset', 'info', 'summary', 'unknown']),
};

/**
 * Reads what a `/metrics` endpoint answers: Prometheus' text format 0.0.4 or OpenMetrics 1.0. As Prometheus does, one
 * malformed line spoils the whole document: a document that is wrong somewhere is not believed elsewhere. So does a
 * line that ends in a carriage return. In OpenMetrics `# EOF` has to be there and to be the end, so that a document
 * that was cut off is noticed, and blank lines and free comments are not allowed. Never throws.
 */
export function parseExposition(text: string, options: ReadOptions): Exposition | ExpositionProblem {
  const samples: ExpositionSample[] = [];
  const openmetrics = options.format === 'openmetrics';
  let line = 0;
  let ended = false;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    line += 1;
    try {
      if (ended) throw new MalformedLine('something follows "# EOF"');
      ended = readLine(new LineCursor(text, start, end), options, samples);
    } catch (error) {
      if (error instanceof MalformedLine) return { line, problem: error.message };
      throw error;
    }
    start = end + 1;
  }
  if (openmetrics && !ended) return { line: line + 1, problem: 'there is no "# EOF" at the end: the document was cut off' };
  return { samples };
}

/** Returns whether the line is the end of the document. */
function readLine(cursor: LineCursor, { format, wants, maxSamples }: ReadOptions, samples: ExpositionSample[]): boolean {
  if (format === 'text') cursor.skipBlanks();
  if (cursor.startsWith('#')) return readComment(cursor, format);
  if (cursor.atEnd) {
    if (format === 'openmetrics') throw new MalformedLine('a blank line is not allowed in OpenMetrics');
    return false;
  }
  const sample = readSample(cursor, format, wants);
  if (sample === undefined) return false;
  if (samples.length >= maxSamples) throw new MalformedLine(`there are more than ${String(maxSamples)} samples`);
  samples.push(sample);
  return false;
}

function readComment(cursor: LineCursor, format: ExpositionFormat): boolean {
  cursor.expect('#');
  if (format === 'openmetrics') {
    if (cursor.rest() === ' EOF') return true;
    cursor.expect(' ');
  } else {
    cursor.skipBlanks();
  }
  const keyword = cursor.word();
  if (keyword !== 'HELP' && keyword !== 'TYPE' && !(keyword === 'UNIT' && format === 'openmetrics')) {
    if (format === 'openmetrics') throw new MalformedLine('a comment other than HELP, TYPE, UNIT or EOF is not allowed in OpenMetrics');
    return false;
  }
  if (!cursor.skipBlanks() && format === 'text') return false;
  cursor.name('metric name');
  cursor.skipBlanks();
  if (keyword !== 'TYPE') return false;
  const type = cursor.word();
  cursor.skipBlanks();
  if (!TYPES[format].has(type) || !cursor.atEnd) throw new MalformedLine(`${JSON.stringify(type + cursor.rest())} is not a type of metric`);
  return false;
}
