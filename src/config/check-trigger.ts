import type { BelayPart, Named } from './belay-part.js';
import type { WrittenSource } from './belay-schema.js';
import { checkKnown } from './check-known.js';
import { checkQuery } from './check-query.js';
import { doubtfulCondition } from './condition-sense.js';
import { HEALTH } from './health-source.js';
import type { Path, Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import { conditionsOf, doubtfulHysteresis } from './trigger-condition.js';
import type { ProblemDetails } from './yaml-document.js';

type Report = (key: string | undefined, message: string, details?: ProblemDetails) => Problem;

/** What the schema cannot see of one trigger. `belay` is absent while belay.yaml cannot be read. */
export function checkTrigger(part: TriggerPart, belay: BelayPart | undefined): readonly Problem[] {
  const report: Report = (key, message, details) => part.document.problem(key === undefined ? part.path : [...part.path, key], message, details);
  return [...checkSource(part, belay, report), ...checkResponse(part, report), ...checkAnnotations(part)];
}

/** The source that a trigger means: the one that it names, or the only one that there is. */
export function sourceNameOf({ written }: TriggerPart, sources: BelayPart['sources']): string | undefined {
  if (written['source'] !== undefined) return typeof written['source'] === 'string' ? written['source'] : undefined;
  const [only] = [...(sources?.keys() ?? [])];
  return sources?.size === 1 ? only : undefined;
}

function checkSource(part: TriggerPart, belay: BelayPart | undefined, report: Report): readonly Problem[] {
  const { document, path, written } = part;
  const name = sourceNameOf(part, belay?.sources);
  if (name === HEALTH) return checkHealth(part, belay, report);
  const source = name === undefined ? undefined : belay?.sources?.get(name);
  const isUndecided = name === undefined && written['source'] === undefined && belay?.sources !== undefined;
  const known: Named<WrittenSource> | undefined = belay?.sources === undefined ? undefined : new Map([...belay.sources, [HEALTH, undefined]]);
  return [
    ...(isUndecided ? [report(undefined, '"source" is missing', { hint: `write one of ${[...(known?.keys() ?? [])].join(', ')}` })] : []),
    ...(name === undefined ? [] : checkKnown(document, [...path, 'source'], name, known, 'source', 'belay.yaml')),
    ...checkQuestion(part, report),
    ...checkQueryOf(part, source),
  ];
}

function checkQuestion({ written }: TriggerPart, report: Report): readonly Problem[] {
  const { expr, signal } = written;
  return [
    ...(expr === undefined && signal === undefined ? [report(undefined, 'needs either "expr" or "signal"')] : []),
    ...(expr !== undefined && signal !== undefined ? [report('signal', '"expr" and "signal" exclude each other', { atKey: true, hint: 'keep one' })] : []),
    ...(written['condition'] === undefined ? [report(undefined, '"condition" is missing', { hint: 'write a comparison such as "> 10%"' })] : []),
    ...(written['for'] === undefined ? [report(undefined, '"for" is missing', { hint: 'write how long the breach must last, such as 5m, or { consecutive: 4 }' })] : []),
  ];
}

function checkQueryOf({ document, path, written, fields }: TriggerPart, source: WrittenSource | undefined): readonly Problem[] {
  const conditions = fields.condition === undefined ? undefined : conditionsOf(fields.condition);
  const doubt = conditions === undefined ? undefined : doubtfulHysteresis(conditions);
  const at: Path = [...path, 'condition'];
  const upper = conditions?.clearCondition === undefined ? at : [...at, conditions.condition.comparison === '>' ? 'above' : 'below'];
  return [
    ...checkQuery(document, path, {
      expr: typeof written['expr'] === 'string' ? fields.expr : undefined,
      signal: fields.signal,
      sourceType: source?.type,
      conditions: conditions === undefined ? [] : [{ condition: conditions.condition, path: upper }],
    }),
    ...(doubt === undefined ? [] : [document.problem([...at, 'clear'], doubt.message, { hint: doubt.hint })]),
  ];
}

function checkHealth({ written, target, fields }: TriggerPart, belay: BelayPart | undefined, report: Report): readonly Problem[] {
  const declared = target === undefined ? undefined : belay?.targets?.get(target);
  const doubt = fields.condition === undefined ? undefined : doubtfulCondition(conditionsOf(fields.condition).condition, { kind: 'health', target: target ?? '' });
  return [
    ...(['expr', 'signal'] as const).flatMap((key) =>
      written[key] === undefined ? [] : [report(key, `"${key}" has no place with source: health, which asks the target's own endpoint`, { atKey: true, hint: 'take it out' })],
    ),
    ...(declared !== undefined && declared.health === undefined ? [report('source', `the target "${target ?? ''}" has no health endpoint`, { hint: 'add "health" to it in belay.yaml' })] : []),
    ...(written['for'] === undefined ? [report(undefined, '"for" is missing', { hint: 'write how often in a row, such as { consecutive: 4 }, or how long' })] : []),
    ...(doubt === undefined ? [] : [report('condition', doubt.message, { hint: doubt.hint })]),
  ];
}

function checkResponse({ written, fields }: TriggerPart, report: Report): readonly Problem[] {
  const asked = ['level', 'levels', 'plan'].filter((key) => written[key] !== undefined);
  const [from, to] = fields.levels ?? [];
  return [
    ...(asked.length > 1 ? [report(asked[1], `"${asked.join('" and "')}" exclude each other`, { atKey: true, hint: 'keep one' })] : []),
    ...(asked.length === 0 && fields.response === 'immediate'
      ? [report(undefined, 'needs one of "level", "levels" and "plan"', { hint: 'or response: monitor, to tell people only' })]
      : []),
    ...(from !== undefined && to !== undefined && from > to ? [report('levels', `the levels run from ${from} down to ${to}`, { hint: `write [${to}, ${from}]` })] : []),
  ];
}

/** Annotations may refer to the value and the labels of the alert. */
function checkAnnotations({ document, path, fields }: TriggerPart): readonly Problem[] {
  return Object.entries(fields.annotations ?? {}).flatMap(([key, text]) =>
    [...text.matchAll(/\$\{([^}]*)\}?/g)]
      .filter(([reference]) => !/^\$\{(?:value|labels\.[A-Za-z_]\w*)\}$/.test(reference))
      .map((match) => document.problemInText([...path, 'annotations', key], match.index, `${match[0].slice(0, 60)} refers to nothing`, { hint: 'known here: ${value}, ${labels.NAME}' })),
  );
}
