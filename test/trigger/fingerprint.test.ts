import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertLabels, fingerprintOf } from '../../src/trigger/fingerprint.js';

const labels = fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), fc.string({ maxLength: 6 }));

describe('fingerprintOf', () => {
  it('is the same for the same labels in any order', () => {
    fc.assert(
      fc.property(fc.string(), labels, (name, written) => {
        const reversed = Object.fromEntries(Object.entries(written).reverse());
        expect(fingerprintOf(name, reversed)).toBe(fingerprintOf(name, written));
      }),
    );
  });

  it('sets apart what joining names and values would not', () => {
    const all = [fingerprintOf('T', {}), fingerprintOf('T', { a: 'b,c=d' }), fingerprintOf('T', { a: 'b', c: 'd' }), fingerprintOf('Ta', { a: 'b' }), fingerprintOf('T', { a: 'b' }), fingerprintOf('T', { aa: 'b' })];
    expect(new Set(all).size).toBe(all.length);
  });

  it('does not change between releases, since alerts are stored under it', () => {
    expect(fingerprintOf('CheckoutErrorRateHigh', { pod: 'a', zone: 'eu' })).toBe('2f20776297a4d912');
  });
});

describe('alertLabels', () => {
  it("adds the trigger's labels and keeps the other's value where both use a name", () => {
    expect(alertLabels({ pod: 'a', severity: 'low', team: 'x' }, { severity: 'critical', team: 'x' })).toEqual({
      pod: 'a',
      exported_severity: 'low',
      severity: 'critical',
      team: 'x',
    });
  });
});
