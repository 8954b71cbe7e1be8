import type { BelayPart } from './belay-part.js';
import { addresseesOf, checkTargets, isReachable, wordPath } from './check-notify.js';
import { checkKnown } from './check-known.js';
import { listOf, recordOf } from './check-schema.js';
import { namesOf } from './composite.js';
import { type Addressees, destinationOf } from './destinations.js';
import { requiredSchema, type WrittenRequired } from './notify-schema.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';

/** Whether everybody whom `notify.required` names can be told, and whether there is what it is for. `rulesComplete`: every file of rules could be read. */
export function checkRequired(belay: BelayPart, triggers: readonly TriggerPart[], rulesComplete: boolean): readonly Problem[] {
  const { document } = belay;
  const addressees = addresseesOf(belay);
  const known = rulesComplete ? new Map(triggers.flatMap((trigger) => namesOf(trigger).map((name) => [name, true] as const))) : undefined;
  return listOf(recordOf(recordOf(document.data)['notify'])['required']).flatMap((written, index) => {
    const entry = requiredSchema.safeParse(written).data;
    if (entry === undefined) return [];
    const { trigger = [] } = entry;
    return [
      ...checkTargets(belay, 'required', entry, index),
      ...trigger.flatMap((name, place) => checkKnown(document, wordPath(document.data, 'required', index, 'trigger', place), name, known, 'trigger', 'rules/')),
      ...(addressees === undefined ? [] : checkRecipients(belay, entry, index, addressees)),
    ];
  });
}

/** Each single person counts: of a group that must hear of it, one is not enough. */
function checkRecipients({ document }: BelayPart, { to }: WrittenRequired, index: number, addressees: Addressees): readonly Problem[] {
  return to.flatMap((word, place) => {
    const path = wordPath(document.data, 'required', index, 'to', place);
    const found = destinationOf(word, addressees);
    if ('problem' in found) return [document.problem(path, found.problem, { hint: found.hint })];
    const missed = found.flatMap((each) => (each.kind === 'person' && !isReachable(each.person, addressees) ? [each.person.name] : []));
    if (missed.length === 0) return [];
    const who = missed.length === 1 && missed[0] === word ? word : `${missed.join(', ')} of "${word}"`;
    return [document.problem(path, `${who} must hear of this and cannot be reached: there is neither an address with notify.email nor a user with notify.slack`, { hint: `add email or slack under people.${missed[0] ?? word}, and the channel that it is for under notify` })];
  });
}
