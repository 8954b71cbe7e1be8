import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTagged, stringifyTagged } from '../../src/store/tagged-json.js';

const plainData = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string(), fc.double().map((number) => (Object.is(number, -0) ? 0 : number)), fc.boolean(), fc.constant(null), fc.date()),
  object: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$number', '$date', '$literal', '__proto__')), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  any: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('object'), fc.array(tie('any'), { maxLength: 3 })),
})).any;

test('any plain data reads back as it was', () => {
  fc.assert(
    fc.property(plainData, (value) => {
      expect(parseTagged(stringifyTagged(value))).toStrictEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('leaves undefined properties out and keeps JSON readable by others', () => {
  expect(stringifyTagged({ a: undefined, at: new Date(0), worst: -Infinity, $number: 'plain' })).toBe(
    '{"at":{"$date":"1970-01-01T00:00:00.000Z"},"worst":{"$number":"-Infinity"},"$number":"plain"}',
  );
});
