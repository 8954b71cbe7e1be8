import { describe, expect, it } from 'vitest';
import { visibleJson, visibleText } from '../../src/cli/visible-text.js';

/** A label as an attacker writes it: clears the screen, renames the window, colours, goes back over the line, turns the writing around. */
const hostile = 'a\u001b[2J\u001b]0;owned\u0007\u001b[31mb\rc\u009bd\u202ee\0';

describe('what others have written, on a terminal', () => {
  it('is shown, not obeyed; lines and tabs stay', () => {
    expect(visibleText(`${hostile}\n\tü`, false)).toBe('a\\u001b[2J\\u001b]0;owned\\u0007\\u001b[31mb\\u000dc\\u009bd\\u202ee\\u0000\n\tü');
  });

  it('keeps the colours where there are any', () => {
    expect(visibleText('\u001b[31mred\u001b[39m \u001b[2J', true)).toBe('\u001b[31mred\u001b[39m \\u001b[2J');
  });

  it('means the same in JSON', () => {
    const json = JSON.stringify({ hostile });
    expect(visibleJson(json)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse(visibleJson(json))).toEqual({ hostile });
  });

  it('leaves the lines of printed JSON as they are', () => {
    const json = JSON.stringify({ a: [1] }, undefined, 2);
    expect(visibleJson(json)).toBe(json);
  });
});
