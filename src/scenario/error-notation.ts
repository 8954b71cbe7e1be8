import { parseDuration } from '../time/duration.js';
import { errorWords, type ErrorScript, type ErrorWord } from './scenario.js';
import type { NotationProblem } from './series-notation.js';
import { parseWords } from './word-notation.js';

const reasons = errorWords.filter((word): word is Exclude<ErrorWord, 'ok'> => word !== 'ok');
const SPAN = /^(?:(\S+)\s+)?from\s+(\S+)(?:\s+to\s+(\S+))?$/;

/**
 * When a source fails: `from 3m to 5m`, `timeout from 3m` (to the end), several with commas; or point by point,
 * `ok x12 unreachable x8 ok`. Without a word of its own a failure is `unreachable`.
 */
export function parseErrors(text: string): ErrorScript | NotationProblem {
  if (!/\bfrom\b/.test(text)) {
    const points = parseWords(text, errorWords);
    return 'problem' in points ? { problem: points.problem, hint: 'or write spans: from 3m to 5m' } : { kind: 'points', points };
  }
  const spans: Extract<ErrorScript, { kind: 'spans' }>['spans'][number][] = [];
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const [, written = 'unreachable', from = '', to] = SPAN.exec(part) ?? [];
    const reason = reasons.find((word) => word === written);
    const [fromMs, toMs] = [parseDuration(from), to === undefined ? undefined : parseDuration(to)];
    if (reason === undefined && SPAN.test(part)) return { problem: `"${written}" is not one of ${reasons.join(', ')}` };
    if (reason === undefined || fromMs === undefined || (to !== undefined && (toMs === undefined || toMs <= fromMs))) {
      return { problem: `"${part}" is no span: write "from 3m to 5m", or "timeout from 3m"` };
    }
    spans.push({ fromMs, toMs, reason });
  }
  return { kind: 'spans', spans };
}
