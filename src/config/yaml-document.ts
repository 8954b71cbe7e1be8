import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type ParsedNode, type YAMLMap } from 'yaml';
import { pathText, type Path, type Problem } from './problem.js';
import { offsetInFile } from './scalar-offsets.js';

export type MapNode = YAMLMap.Parsed;
export type PairNode = MapNode['items'][number];

export interface ProblemDetails {
  readonly hint?: string | undefined;
  /** `error` unless told otherwise. */
  readonly severity?: Problem['severity'] | undefined;
  /** Points at the key instead of its value. */
  readonly atKey?: boolean | undefined;
}

interface Found {
  readonly node: ParsedNode | null;
  readonly key?: ParsedNode | undefined;
}

/** What is written in one file: plain data, and where each value of it stands. */
export class YamlDocument {
  readonly file: string;
  /** Maps are plain objects, whose keys are all text. */
  readonly data: unknown;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #contents: ParsedNode | null;
  readonly #aliases: ReadonlyMap<Alias, ParsedNode>;
  readonly #pairs = new WeakMap<MapNode, ReadonlyMap<string, PairNode>>();

  constructor(parts: { file: string; data: unknown; text: string; lines: LineCounter; contents: ParsedNode | null; aliases: ReadonlyMap<Alias, ParsedNode> }) {
    this.file = parts.file;
    this.data = parts.data;
    this.#text = parts.text;
    this.#lines = parts.lines;
    this.#contents = parts.contents;
    this.#aliases = parts.aliases;
  }

  /**
   * A problem at a path. Lists, maps and empty values are pointed at by their key, everything else by the value itself;
   * what is missing by what it is missing from.
   */
  problem(path: Path, message: string, details: ProblemDetails = {}): Problem {
    return this.#problemAt(this.#offsetOf(path, details.atKey ?? false), path, message, details);
  }

  /** A problem inside the text at a path, `offset` characters into its value. */
  problemInText(path: Path, offset: number, message: string, details: ProblemDetails = {}): Problem {
    const { node } = this.#find(path).at(-1) ?? {};
    const isHere = isScalar(node) && this.#find(path).length === path.length + 1;
    return isHere ? this.#problemAt(offsetInFile(node, this.#text, offset), path, message, details) : this.problem(path, message, details);
  }

  /** `rules/checkout.yaml:12`, for messages that name another place. */
  lineOf(path: Path): number {
    return this.#lines.linePos(this.#offsetOf(path, false)).line;
  }

  #problemAt(offset: number, path: Path, message: string, { hint, severity = 'error' }: ProblemDetails): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), path: pathText(path), message, hint, severity };
  }

  #offsetOf(path: Path, atKey: boolean): number {
    const found = this.#find(path);
    const { node, key } = found.at(-1) ?? { node: null };
    const isThere = found.length === path.length + 1;
    const hasText = isScalar(node) ? node.source !== '' || node.range[1] > node.range[0] : isAlias(node);
    if (key !== undefined && (atKey || !isThere || !hasText)) return key.range[0];
    return node?.range[0] ?? 0;
  }

  /** The values along a path, from the whole down; ends early where something is missing. */
  #find(path: Path): readonly Found[] {
    const found: Found[] = [{ node: this.#contents }];
    for (const key of path) {
      const above = found.at(-1)?.node;
      const node = isAlias(above) ? this.#aliases.get(above) : above;
      if (isMap(node)) {
        const pair = this.#pairsOf(node).get(String(key));
        if (pair === undefined) break;
        found.push({ node: pair.value, key: pair.key });
      } else if (isSeq(node) && typeof key === 'number' && key < node.items.length) {
        found.push({ node: node.items[key] as ParsedNode });
      } else {
        break;
      }
    }
    return found;
  }

  #pairsOf(map: MapNode): ReadonlyMap<string, PairNode> {
    const known = this.#pairs.get(map);
    if (known !== undefined) return known;
    // Of two keys with one name the first is found; the second is a problem of its own.
    const pairs = new Map([...map.items].reverse().map((pair) => [keyText(pair), pair]));
    this.#pairs.set(map, pairs);
    return pairs;
  }
}

/** A key as it is written, so that `1.10` stays what it is; the empty text for what cannot be a key. */
export function keyText({ key }: PairNode): string {
  if (!isScalar(key)) return '';
  return typeof key.value === 'string' ? key.value : key.value === null ? '' : key.source;
}
