import { suggestion } from '../config/closest-word.js';
import type { NotationProblem } from './series-notation.js';

const MOST_WORDS = 1_000_000;

/** Reads `up x10 down x5 timeout`: each word stands for one point, and `x10` after it makes ten of it. */
export function parseWords<W extends string>(text: string, known: readonly W[]): readonly W[] | NotationProblem {
  const words: W[] = [];
  for (const item of text.trim().replaceAll(/\s+x(?=\d+(?:\s|$))/g, 'x').split(/\s+/)) {
    if (item === '') continue;
    const [, written = item, times = '1'] = /^(.*?)x(\d+)$/.exec(item) ?? [];
    const word = known.find((candidate) => candidate === written);
    if (word === undefined) {
      return { problem: `"${written}" is not one of ${known.join(', ')}`, hint: suggestion(written, known, 'known') };
    }
    const count = Number(times);
    if (words.length + count > MOST_WORDS) return { problem: `more than ${MOST_WORDS} points` };
    for (let index = 0; index < count; index += 1) words.push(word);
  }
  return words.length === 0 ? { problem: `needs at least one of ${known.join(', ')}` } : words;
}
