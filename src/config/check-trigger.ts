import { MEMBER_SOURCE } from '../trigger/members.js';
import { isOfBaseline } from './baseline-condition.js';
import type { BelayPart, Named } from './belay-part.js';
import type { WrittenSource } from './belay-schema.js';
import { alertsKeyOf, alertsSourceOf, checkAlerts } from './check-alerts.js';
import { checkConditions, writtenConditions } from './check-conditions.js';
import { checkImpact, checkUnaskedImpact } from './check-impact.js';
import { checkKnown } from './check-known.js';
import { checkQuery } from './check-query.js';
import { checkWindow } from './check-window.js';
import { checkComposite, isComposite } from './composite.js';
import { doubtfulCondition } from './condition-sense.js';
import { HEALTH } from './health-source.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import { conditionsOf } from './trigger-condition.js';
import type { ProblemDetails } from './yaml-document.js';

type Report = (key: string | undefined, message: string, details?: ProblemDetails) => Problem;

/** What the schema cannot see of one trigger. `belay` is absent while belay.yaml cannot be read. */
export function checkTrigger(part: TriggerPart, belay: BelayPart | undefined): readonly Problem[] {
  const report: Report = (key, message, details) => part.document.problem(key === undefined ? part.path : [...part.path, key], message, details);
  return [...checkAsked(part, belay, report), ...checkWindow(part, belay), ...checkResponse(part, belay?.matrix, report), ...checkKnown(part.document, [...part.path, 'approval'], part.written['approval'], belay?.approvals, 'approval', 'policy.approvals of belay.yaml'), ...checkAnnotations(part)];
}

function checkAsked(part: TriggerPart, belay: BelayPart | undefined, report: Report): readonly Problem[] {
  if (isComposite(part)) return [...checkComposite(part), ...checkUnaskedImpact(part)];
  const alertsKey = alertsKeyOf(part);
  if (alertsKey !== undefined) return [...checkAlerts(part, alertsKey, belay, report), ...checkConditions(part, undefined), ...checkUnaskedImpact(part)];
  return [...checkSource(part, belay, report), ...(part.written['confirm'] === undefined ? [] : [report('confirm', '"confirm" has a place with "alertmanager" only', { atKey: true, hint: 'take it out' })])];
}

/** The source that a trigger means: the one that it names, or the only one that there is; of a composite, the other triggers; of one about incoming alerts, the receiver. */
export function sourceNameOf(part: TriggerPart, sources: BelayPart['sources']): string | undefined {
  const { written } = part;
  if (isComposite(part)) return MEMBER_SOURCE;
  if (alertsKeyOf(part) !== undefined) return alertsSourceOf(part, sources);
  if (written['source'] !== undefined) return typeof written['source'] === 'string' ? written['source'] : undefined;
  const [only, ...others] = [...(sources ?? [])].filter(([, source]) => source?.type !== 'alertmanager');
  return others.length === 0 ? only?.[0] : undefined;
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
  const { expr, signal, condition, severities } = written;
  return [
    ...(expr === undefined && signal === undefined ? [report(undefined, 'needs either "expr" or "signal"')] : []),
    ...(expr !== undefined && signal !== undefined ? [report('signal', '"expr" and "signal" exclude each other', { atKey: true, hint: 'keep one' })] : []),
    ...(condition === undefined && severities === undefined ? [report(undefined, '"condition" is missing', { hint: 'write a comparison such as "> 10%"' })] : []),
    ...['condition', 'severity'].flatMap((key) =>
      written[key] === undefined || severities === undefined ? [] : [report(key, `"${key}" and "severities" exclude each other`, { atKey: true, hint: 'keep one' })],
    ),
    ...(written['for'] === undefined ? [report(undefined, '"for" is missing', { hint: 'write how long the breach must last, such as 5m, or { consecutive: 4 }' })] : []),
  ];
}

function checkQueryOf(part: TriggerPart, source: WrittenSource | undefined): readonly Problem[] {
  const { document, path, written, fields } = part;
  const { minTraffic } = fields;
  return [
    ...checkQuery(document, path, {
      expr: typeof written['expr'] === 'string' ? fields.expr : undefined,
      signal: fields.signal,
      sourceType: source?.type,
      conditions: writtenConditions(part).filter(({ condition }) => !isOfBaseline(condition)),
    }),
    ...checkImpact(part, source?.type),
    ...(minTraffic === undefined ? [] : checkQuery(document, [...path, 'minTraffic'], { ...minTraffic, sourceType: source?.type, conditions: [] })),
    ...checkConditions(part, source),
  ];
}

function checkHealth(part: TriggerPart, belay: BelayPart | undefined, report: Report): readonly Problem[] {
  const { written, target, fields } = part;
  const declared = target === undefined ? undefined : belay?.targets?.get(target);
  const doubt = fields.condition === undefined ? undefined : doubtfulCondition(conditionsOf(fields.condition).condition, { kind: 'health', target: target ?? '' });
  return [
    ...checkUnaskedImpact(part),
    ...(['expr', 'signal', 'severities', 'trend', 'baseline', 'minTraffic'] as const).flatMap((key) =>
      written[key] === undefined ? [] : [report(key, `"${key}" has no place with source: health, which asks the target's own endpoint`, { atKey: true, hint: 'take it out' })],
    ),
    ...(declared !== undefined && declared.health === undefined ? [report('source', `the target "${target ?? ''}" has no health endpoint`, { hint: 'add "health" to it in belay.yaml' })] : []),
    ...(written['for'] === undefined ? [report(undefined, '"for" is missing', { hint: 'write how often in a row, such as { consecutive: 4 }, or how long' })] : []),
    ...(doubt === undefined ? [] : [report('condition', doubt.message, { hint: doubt.hint })]),
  ];
}

function checkResponse({ written, fields }: TriggerPart, matrix: BelayPart['matrix'], report: Report): readonly Problem[] {
  const asked = ['level', 'levels', 'plan'].filter((key) => written[key] !== undefined);
  const [from, to] = fields.levels ?? [];
  return [
    ...(asked.length > 1 ? [report(asked[1], `"${asked.join('" and "')}" exclude each other`, { atKey: true, hint: 'keep one' })] : []),
    ...(asked.length === 0 && fields.response !== 'monitor' && matrix?.length === 0
      ? [report(undefined, 'needs one of "level", "levels" and "plan"', { hint: 'or policy.matrix in belay.yaml, which says it for many; or response: monitor, to tell people only' })]
      : []),
    ...(asked.length > 0
      ? (['impact', 'timeToFix', 'issueType'] as const)
          .filter((key) => written[key] !== undefined)
          .map((key) => report(key, `"${key}" says nothing beside "${asked[0] ?? ''}", because the matrix is not asked`, { atKey: true, severity: 'warning', hint: 'take one of them out' }))
      : []),
    ...(fields.response === 'scheduled' && written['delay'] === undefined
      ? [report('response', '"delay" is missing: after what time it starts', { hint: 'such as delay: 30m' })]
      : []),
    ...(fields.response !== 'scheduled' && written['delay'] !== undefined
      ? [report('delay', '"delay" has a place with response: scheduled only', { atKey: true, hint: 'take it out, or write response: scheduled' })]
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
