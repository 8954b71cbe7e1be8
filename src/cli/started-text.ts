import type { RollbackStart } from '../http/guard-api.js';
import { instantText } from '../time/instant-text.js';
import type { Output } from './output.js';

/** Tells what a start by hand has come to; true where nothing has started yet, since people are asked first. */
export function tellStarted(started: RollbackStart, options: { readonly json?: boolean | undefined }, output: Output): boolean {
  const { approvalId, executionId, incidentId, missing = [], expiresAt = 0 } = started;
  if (approvalId === undefined) {
    output.talk(`started ${executionId} on incident ${incidentId}`);
    return false;
  }
  output.talk(`nothing has started: it takes ${missing.join(' and ')} by ${instantText(expiresAt)}\nto approve: belay approve ${approvalId}`);
  output.done(options, approvalId, started);
  return true;
}
