import { customerDefaults, internalDefaults, wordedKinds, type CustomerKind, type WordedKind } from './default-templates.js';
import { markedTitle } from './marked-title.js';
import type { Message } from './message.js';
import { fillTemplate, readTemplate, type MessageTemplate } from './message-template.js';
import type { PlaceholderValues } from './placeholders.js';

/** The templates that somebody has written; for every other kind the default is used. */
export interface Wording {
  readonly internal: ReadonlyMap<WordedKind, MessageTemplate>;
  readonly customer: ReadonlyMap<CustomerKind, MessageTemplate>;
  /** What is wrong with a template, by `internal/firing`: the default is used, and the message says so unless customers read it. */
  readonly broken: ReadonlyMap<string, string>;
}

export const defaultWording: Wording = { internal: new Map(), customer: new Map(), broken: new Map() };

const defaults = new Map(wordedKinds.map((kind) => [kind, readTemplate(internalDefaults[kind], 'internal').template]));
const defaultsForCustomers = new Map(Object.entries(customerDefaults).map(([kind, source]) => [kind, readTemplate(source, 'customer').template]));

/** The message in the words of its template. What belongs to no incident is worded by templates that people have written, or as it was composed. */
export function worded(message: Message, values: PlaceholderValues, { internal, broken }: Wording): Message {
  const kind = wordedKinds.find((known) => known === message.kind);
  if (kind === undefined) return message;
  const own = internal.get(kind);
  const said = own === undefined ? undefined : fillTemplate(own, values, message.facts);
  const fallback = message.incidentId === undefined ? undefined : defaults.get(kind);
  const filled = said ?? (fallback === undefined ? undefined : fillTemplate(fallback, values, message.facts));
  const problem = broken.get(`internal/${kind}`) ?? (own !== undefined && said === undefined ? `the template for ${kind} has left no title` : undefined);
  const result: Message = filled === undefined ? message : { ...message, next: undefined, ...filled };
  return problem === undefined ? result : { ...result, facts: [...result.facts, ['template', `${problem}; these are the usual words`]] };
}

/** What a digest lists is told nowhere else: whatever its template says, it keeps every line, and the mark of what is not real. */
export function wordedDigest(digest: Message, values: PlaceholderValues, wording: Wording): Message {
  const filled = worded(digest, values, wording);
  const said = { ...filled, title: markedTitle(filled) };
  const missing = digest.facts.filter((fact) => !said.facts.includes(fact));
  return missing.length === 0 ? said : { ...said, facts: [...said.facts, ...missing] };
}

/** What customers read: a title and text. */
export function wordedForCustomers(kind: CustomerKind, values: PlaceholderValues, { customer }: Wording): Pick<Message, 'title' | 'text'> {
  for (const template of [customer.get(kind), defaultsForCustomers.get(kind)]) {
    const filled = template === undefined ? undefined : fillTemplate(template, values, []);
    if (filled !== undefined) return { title: filled.title, text: filled.text };
  }
  throw new TypeError(`no words for customers about ${kind}`);
}
