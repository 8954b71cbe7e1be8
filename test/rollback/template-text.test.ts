import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeDollars, formatTemplate, parseTemplate, type TemplatePiece, UnclosedReference } from '../../src/rollback/template-text.js';

const text = (value: string): TemplatePiece => ({ type: 'text', text: value });
const reference = (value: string): TemplatePiece => ({ type: 'reference', reference: value });

describe('parseTemplate', () => {
  it.each([
    ['plain', [text('plain')]],
    ['', []],
    ['${a.b}', [reference('a.b')]],
    ['${ a.b }', [reference('a.b')]],
    ['x ${a} y ${b}', [text('x '), reference('a'), text(' y '), reference('b')]],
    ['$5 and $$', [text('$5 and $$')]],
    ['$${HOME}', [text('${HOME}')]],
    ['$$${a}', [text('$'), reference('a')]],
    ['$$$${a}', [text('$${a}')]],
    ['{a} }', [text('{a} }')]],
    ['${a${b}', [reference('a${b')]],
  ])('reads %j', (template, pieces) => {
    expect(parseTemplate(template)).toEqual(pieces);
  });

  it('refuses a reference without an end', () => {
    expect(() => parseTemplate('price ${amount')).toThrow(UnclosedReference);
  });
});

describe('formatTemplate', () => {
  // Dollars and braces far more often than chance would give them.
  const hostile = fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.', ':') });

  it('writes any text so that it is read as the same text', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        expect(parseTemplate(escapeDollars(value))).toEqual(value === '' ? [] : [text(value)]);
      }),
    );
  });

  it('keeps references and texts apart whatever stands beside them', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (before, between, after) => {
        const pieces = [text(before), reference('env:A'), text(between), reference('file:/b'), text(after)].filter((piece) => piece.type === 'reference' || piece.text !== '');
        expect(parseTemplate(formatTemplate(pieces))).toEqual(pieces);
      }),
    );
  });
});
