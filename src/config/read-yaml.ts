import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type ParsedNode, type Scalar, type YAMLError } from 'yaml';
import { pathText, type Path, type Problem } from './problem.js';
import { keyText, type MapNode, type PairNode, YamlDocument } from './yaml-document.js';

/** What takes the place of a text; `report` tells of a problem with it. */
export type TextReader = (text: string, path: Path, report: (message: string, hint?: string) => void) => string;

type ProblemAt = (offset: number, path: Path, message: string, hint?: string) => Problem;

export interface ReadYaml {
  /** Absent when the file is no YAML at all. */
  readonly document?: YamlDocument | undefined;
  readonly problems: readonly Problem[];
}

const TOO_DEEP = 'the file is nested too deeply';
const DEEPEST = 64;
const MOST_ALIASED_VALUES = 10_000;
const QUOTE_IN_FLOW = 'inside { } and [ ] write a text that holds [ ] { } or a comma in quotes';

/** Reads the text of one file. `data` of an empty file is `undefined`. */
export function readYaml(file: string, text: string, readText: TextReader = (value) => value): ReadYaml {
  const lines = new LineCounter();
  const problemAt: ProblemAt = (offset, path, message, hint) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), path: pathText(path), message, hint, severity: 'error' };
  };
  try {
    const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
    const faults = tellingFaults([...parsed.errors, ...parsed.warnings], lines);
    if (faults.length > 0) return { problems: faults.map((fault) => problemAt(fault.pos[0], [], faultText(fault), faultHint(fault, text))) };
    const reader = new NodeReader(readText, problemAt, lines);
    const data = parsed.contents === null ? undefined : reader.value(parsed.contents, []);
    const document = new YamlDocument({ file, data, text, lines, contents: parsed.contents, aliases: reader.aliases });
    return { document, problems: reader.problems };
  } catch (error) {
    if (error instanceof RangeError) return { problems: [problemAt(0, [], TOO_DEEP)] };
    throw error;
  }
}

/**
 * One slip often makes several faults in its line; the first is the one to look at. Once the parser has met something that
 * cannot stand where it is, it has lost its place, and what it says of the rest of the file is noise.
 */
function tellingFaults(faults: readonly YAMLError[], lines: LineCounter): readonly YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  for (const fault of [...faults].sort((a, b) => a.pos[0] - b.pos[0])) {
    const { line } = lines.linePos(fault.pos[0]);
    if (!byLine.has(line)) byLine.set(line, fault);
    if (fault.code === 'UNEXPECTED_TOKEN') break;
  }
  return [...byLine.values()];
}

function faultText({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds several documents (---)';
  // The parser calls itself for every level, and reports in its own words that it has run out of stack.
  if (/call stack/.test(message)) return TOO_DEEP;
  if (message.includes('flow-error-end') || /must be sufficiently indented and end with/.test(message)) return 'not valid YAML: a [ or { is not closed';
  if (/^Missing closing ["']quote/.test(message)) return 'not valid YAML: a quote is not closed';
  const bracket = bracketOf(message);
  if (bracket !== undefined) return `not valid YAML: a ${bracket} cannot stand here`;
  // The parser quotes what it stumbled over, which may be a secret.
  return `not valid YAML: ${message.replace(/:? ".*$/s, '').replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())}`;
}

/** The bracket that opens where the parser expects an end. */
function bracketOf(message: string): string | undefined {
  if (message.startsWith('Unexpected flow-seq-start')) return '[';
  return message.startsWith('Unexpected flow-map-start') ? '{' : undefined;
}

function faultHint({ code, message, pos }: YAMLError, text: string): string | undefined {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'write each into a file of its own';
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'check the indentation, and quote a text that holds ": "';
    case 'BAD_SCALAR_START':
      return 'write the text in quotes';
    case 'UNEXPECTED_TOKEN':
      if (text[pos[0] - 1] === '$') return 'write references in quotes: "${env:NAME}"';
      return bracketOf(message) === undefined ? undefined : QUOTE_IN_FLOW;
    default:
      return undefined;
  }
}

/** Makes plain data of nodes, and notes what YAML allows but a configuration must not hold. */
class NodeReader {
  readonly problems: Problem[] = [];
  readonly aliases = new Map<Alias, ParsedNode>();
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #open = new Set<ParsedNode>();
  readonly #readText: TextReader;
  readonly #problemAt: ProblemAt;
  readonly #lines: LineCounter;
  #aliasDepth = 0;
  #aliasedValues = 0;
  #isBomb = false;
  /** The alias that is being followed, not one inside of what it stands for. */
  #outermost: Alias.Parsed | undefined;

  constructor(readText: TextReader, problemAt: ProblemAt, lines: LineCounter) {
    this.#readText = readText;
    this.#problemAt = problemAt;
    this.#lines = lines;
  }

  value(node: ParsedNode | null, path: Path): unknown {
    if (node === null) return null;
    if (this.#aliasDepth > 0) this.#aliasedValues += 1;
    if (isAlias(node)) return this.#aliased(node, path);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node, path);
    if (path.length >= DEEPEST) return this.#note(node, path, `lists and maps are nested deeper than ${DEEPEST} levels`);
    this.#open.add(node);
    const value = isMap(node) ? this.#map(node, path) : isSeq(node) ? node.items.map((item, index) => this.value(item, [...path, index])) : null;
    this.#open.delete(node);
    return value;
  }

  #scalar(node: Scalar.Parsed, path: Path): unknown {
    if (typeof node.value !== 'string') return node.value;
    return this.#readText(node.value, path, (message, hint) => void this.#note(node, path, message, hint));
  }

  #aliased(alias: Alias.Parsed, path: Path): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) return this.#note(alias, path, `*${alias.source} refers to nothing: there is no &${alias.source} before it`);
    if (this.#open.has(target)) return this.#note(alias, path, `*${alias.source} contains itself`);
    if (this.#aliasedValues > MOST_ALIASED_VALUES) return this.#refuseBomb(this.#outermost ?? alias);
    this.aliases.set(alias, target);
    if (this.#aliasDepth === 0) this.#outermost = alias;
    this.#aliasDepth += 1;
    const value = this.value(target, path);
    this.#aliasDepth -= 1;
    return value;
  }

  /** Told once, at the alias that is one too many; from there on no alias is followed. */
  #refuseBomb(alias: Alias.Parsed): null {
    if (!this.#isBomb) this.problems.push(this.#problemAt(alias.range[0], [], `aliases (*) multiply to more than ${MOST_ALIASED_VALUES} values`));
    this.#isBomb = true;
    return null;
  }

  #map(map: MapNode, path: Path): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    const seen = new Map<string, PairNode>();
    for (const pair of map.items) {
      const key = keyText(pair);
      const unfit = unfitKey(pair, key);
      if (unfit !== undefined) {
        this.#note(pair.key, path, ...unfit);
        continue;
      }
      const first = seen.get(key);
      if (first !== undefined) this.#note(pair.key, [...path, key], `the key "${key}" is there twice: first on line ${this.#lines.linePos(first.key.range[0]).line}`);
      seen.set(key, first ?? pair);
      if (map.flow === true && pair.value === null) {
        this.#note(pair.key, path, `"${key}" is a key without a value`, QUOTE_IN_FLOW);
        continue;
      }
      const value = this.value(pair.value, [...path, key]);
      if (first === undefined) values[key] = value;
    }
    return values;
  }

  /** Stands for `null`, so that the rest can be looked at. What an alias repeats has been told of already. */
  #note(node: ParsedNode, path: Path, message: string, hint?: string): null {
    const isRepeated = this.#aliasDepth > 0 && !isAlias(node);
    if (!isRepeated) this.problems.push(this.#problemAt(node.range[0], path, message, hint));
    return null;
  }
}

function unfitKey({ key }: PairNode, text: string): [message: string, hint?: string] | undefined {
  if (!isScalar(key)) return ['a key must be plain text'];
  if (text === '') return ['a key is empty'];
  if (text === '__proto__') return ['the key "__proto__" is not allowed'];
  if (text === '<<' && key.type === 'PLAIN') return ['merge keys (<<) are not known here', 'use an alias (*name) for a whole value, or write the keys out'];
  return undefined;
}
