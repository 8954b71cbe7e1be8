import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { checkExpr } from './check-query.js';
import { recordOf } from './check-schema.js';
import type { Problem } from './problem.js';

/** What the schema cannot see of `targets`: whom they ask. */
export function checkTargets(belay: BelayPart): readonly Problem[] {
  return [...checkSilences(belay), ...checkVersions(belay)];
}

/** Each silence needs an Alertmanager, the one that it names or the only one. */
function checkSilences({ document, targets, sources }: BelayPart): readonly Problem[] {
  const known = [...(sources ?? [])].flatMap(([name, source]) => (source === undefined || source.type === 'alertmanager' ? [name] : []));
  return [...(targets ?? [])].flatMap(([target, declared]) => {
    const { silence } = declared ?? {};
    if (silence === undefined || sources === undefined) return [];
    const path = ['targets', target, 'silence'];
    const hint = known.length === 0 ? 'add sources.NAME with type: alertmanager' : `known: ${known.join(', ')}`;
    if (silence.source === undefined) return known.length === 1 ? [] : [document.problem(path, '"source" is missing: the Alertmanager that is quietened', { hint })];
    return known.includes(silence.source) ? [] : [document.problem([...path, 'source'], `there is no alertmanager source "${silence.source}"`, { hint })];
  });
}

/** Each version needs a Prometheus, and an expression that it can read. */
function checkVersions({ document, sources }: BelayPart): readonly Problem[] {
  return Object.entries(recordOf(recordOf(document.data)['targets'])).flatMap(([target, declared]) => {
    const { source, expr } = recordOf(recordOf(declared)['version']);
    const path = ['targets', target, 'version'];
    const type = typeof source === 'string' ? sources?.get(source)?.type : undefined;
    if (type !== undefined && type !== 'prometheus') return [document.problem([...path, 'source'], `a version is read from a Prometheus, and "${String(source)}" is none (${type})`)];
    return [...checkKnown(document, [...path, 'source'], source, sources, 'source', 'belay.yaml'), ...(typeof expr === 'string' ? checkExpr(document, [...path, 'expr'], expr, type) : [])];
  });
}
