import { RECEIVER_SOURCE } from '../source/receiver-source.js';
import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { listOf, recordOf } from './check-schema.js';
import type { Problem } from './problem.js';
import { readPromql } from './promql-syntax.js';
import type { TriggerPart } from './rules-part.js';
import type { ProblemDetails } from './yaml-document.js';

type Report = (key: string | undefined, message: string, details?: ProblemDetails) => Problem;

/** Whether a trigger goes by what Alertmanagers send, or asks one which alerts fire; `undefined` for every other. */
export function alertsKeyOf({ written }: TriggerPart): 'alertmanager' | 'alerts' | undefined {
  if (written['alertmanager'] !== undefined) return 'alertmanager';
  return written['alerts'] === undefined ? undefined : 'alerts';
}

/** The source of such a trigger: the receiver, or the Alertmanager that it names, or the only one. */
export function alertsSourceOf(part: TriggerPart, sources: BelayPart['sources']): string | undefined {
  if (alertsKeyOf(part) === 'alertmanager') return RECEIVER_SOURCE;
  const named = part.written['source'];
  if (named !== undefined) return typeof named === 'string' ? named : undefined;
  const [only, ...others] = namesOfType(sources, ['alertmanager']);
  return others.length === 0 ? only : undefined;
}

const KEYS_WITHOUT_PLACE = {
  alertmanager: ['alerts', 'signal', 'severities', 'trend', 'baseline', 'minTraffic'],
  alerts: ['expr', 'signal', 'confirm', 'trend', 'baseline', 'minTraffic', 'maxAlerts'],
} as const;

export function checkAlerts(part: TriggerPart, key: 'alertmanager' | 'alerts', belay: BelayPart | undefined, report: Report): readonly Problem[] {
  return [
    ...KEYS_WITHOUT_PLACE[key]
      .filter((other) => part.written[other] !== undefined)
      .map((other) => report(other, `"${other}" has no place with "${key}"`, { atKey: true, hint: 'take it out' })),
    ...checkKnown(part.document, [...part.path, 'source'], part.written['source'], belay?.sources, 'source', 'belay.yaml'),
    ...(key === 'alerts' ? checkAsked(part, belay, report) : checkReceived(part, belay, report)),
  ];
}

function checkAsked(part: TriggerPart, belay: BelayPart | undefined, report: Report): readonly Problem[] {
  const name = alertsSourceOf(part, belay?.sources);
  const type = name === undefined ? undefined : belay?.sources?.get(name)?.type;
  return [
    ...(name === undefined && part.written['source'] === undefined && belay?.sources !== undefined
      ? [report(undefined, '"source" is missing', { hint: `write the name of an alertmanager source${hintOf(namesOfType(belay.sources, ['alertmanager']))}` })]
      : []),
    ...(type !== undefined && type !== 'alertmanager' ? [report('source', `"${name ?? ''}" is a ${type} source, and which alerts fire is asked of an Alertmanager`, { hint: 'name a source with type: alertmanager' })] : []),
    ...(part.written['for'] === undefined ? [report(undefined, '"for" is missing', { hint: 'write how long the alerts must fire, such as 5m' })] : []),
  ];
}

function checkReceived(part: TriggerPart, belay: BelayPart | undefined, report: Report): readonly Problem[] {
  const { document, path, written, fields } = part;
  const { confirm = 'source', expr } = fields;
  const named = typeof written['source'] === 'string' ? belay?.sources?.get(written['source']) : undefined;
  const unasked = confirm === 'none' ? (['expr', 'condition', 'source'] as const).filter((key) => written[key] !== undefined) : [];
  const places = namesOfType(belay?.sources, ['prometheus', 'alertmanager']);
  const { fault } = typeof written['expr'] === 'string' && expr !== undefined ? readPromql(expr) : { fault: undefined };
  return [
    ...unasked.map((key) => report(key, `"${key}" has no place with confirm: none, which asks nobody`, { atKey: true, hint: 'take it out, or leave "confirm" out' })),
    ...(written['condition'] !== undefined && written['expr'] === undefined ? [report('condition', '"condition" needs an "expr", whose values it is about', { atKey: true, hint: 'take it out: the alert fires or it does not' })] : []),
    ...(fault === undefined ? [] : [document.problemInText([...path, 'expr'], fault.offset, fault.message, { hint: fault.hint })]),
    ...(named?.type === 'scrape' ? [report('source', 'a scrape source cannot be asked about alerts', { hint: 'name a prometheus or an alertmanager source' })] : []),
    ...(written['expr'] !== undefined && belay?.sources !== undefined && namesOfType(belay.sources, ['prometheus']).length === 0
      ? [report('expr', 'there is no prometheus source to ask it of', { atKey: true, hint: 'add one to belay.yaml' })]
      : []),
    ...(confirm === 'source' && belay?.sources !== undefined && places.length === 0
      ? [report(undefined, 'there is no source that can be asked whether such an alert is so, so that every rollback awaits approval', { severity: 'warning', hint: 'add a prometheus or an alertmanager source, or write confirm: none to act on the message alone' })]
      : []),
    ...(belay !== undefined && !mayAnyoneDeliver(belay)
      ? [report('alertmanager', 'no Alertmanager can deliver: there is no token of the role webhook', { severity: 'warning', atKey: true, hint: 'add one under http.auth.tokens in belay.yaml, or http.tls with a clientCa' })]
      : []),
  ];
}

/** A deliverer needs a token of its own, or a certificate; that of the daemon itself is for the command line. */
function mayAnyoneDeliver({ document }: BelayPart): boolean {
  const http = recordOf(recordOf(document.data)['http']);
  const roles = listOf(recordOf(http['auth'])['tokens']).map((token) => recordOf(token)['role']);
  return roles.some((role) => role !== 'viewer') || recordOf(http['tls'])['clientCa'] !== undefined;
}

function namesOfType(sources: BelayPart['sources'], types: readonly string[]): readonly string[] {
  return [...(sources ?? [])].flatMap(([name, source]) => (source !== undefined && types.includes(source.type) ? [name] : []));
}

function hintOf(names: readonly string[]): string {
  return names.length === 0 ? '; there is none in belay.yaml' : `: ${names.join(', ')}`;
}
