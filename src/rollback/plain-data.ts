import { BelayError, errorText } from '../fault/belay-error.js';

/**
 * A deep copy that a journal can hold and give back unchanged: what JSON can say, so a `Date` becomes its ISO text.
 * Functions, symbols, big integers and cycles are refused (BelayError `parameter-invalid`), because after a restart
 * they would be gone without a word. `what` names the value in that error.
 */
export function plainCopy<T>(value: T, what: string): T {
  try {
    return JSON.parse(JSON.stringify(value, refuseUnwritable)) as T;
  } catch (error) {
    throw new BelayError('parameter-invalid', `${what} cannot be written to a journal: ${errorText(error)}`, { cause: error });
  }
}

function refuseUnwritable(key: string, value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`${JSON.stringify(key)} is a ${typeof value}`);
  return value;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}
