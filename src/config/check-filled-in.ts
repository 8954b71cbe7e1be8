import type { Mode } from '../trigger/trigger.js';
import type { Problem } from './problem.js';
import { textsIn } from './texts-in.js';
import type { YamlDocument } from './yaml-document.js';

/** How `belay init` marks a place that only a person can fill. */
const MARK = /^FILL IN: (.*)$/s;

/** Whether a part of the files cannot be used yet. */
export function hasOpenPlace(data: unknown): boolean {
  return textsIn(data, []).some(({ text }) => MARK.test(text));
}

/** The places that are still to be filled in. A dry run can do without them; what acts cannot. */
export function checkFilledIn(document: YamlDocument, mode: Mode): readonly Problem[] {
  return textsIn(document.data, []).flatMap(({ text, path }) => {
    const what = MARK.exec(text)?.[1];
    return what === undefined ? [] : [document.problem(path, `is still to be filled in: ${what}`, { severity: mode === 'enforce' ? 'error' : 'warning', hint: 'put it in the place of "FILL IN: …"' })];
  });
}
