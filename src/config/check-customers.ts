import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { recordOf } from './check-schema.js';
import type { Problem } from './problem.js';

/** What the schema cannot see of `notify.customers`: whether anybody is reached by it, and of which targets it speaks. */
export function checkCustomers({ document, targets }: BelayPart): readonly Problem[] {
  const notify = recordOf(recordOf(document.data)['notify']);
  if (notify['customers'] === undefined) return [];
  const customers = recordOf(notify['customers']);
  const path = ['notify', 'customers'];
  return [
    ...(['email', 'statusPage', 'webhook'].some((key) => customers[key] !== undefined) ? [] : [document.problem(path, 'no customer is reached', { hint: 'add email, statusPage or webhook' })]),
    ...(customers['email'] !== undefined && notify['email'] === undefined ? [document.problem([...path, 'email'], 'mails to customers go out as those of notify.email do, and there is none', { hint: 'add notify.email with smtp and from' })] : []),
    ...Object.keys(recordOf(customers['services'])).flatMap((target) => checkKnown(document, [...path, 'services', target], target, targets, 'target', 'belay.yaml')),
  ];
}
