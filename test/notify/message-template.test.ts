import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { customerDefaults, internalDefaults } from '../../src/notify/default-templates.js';
import { fillTemplate, readTemplate } from '../../src/notify/message-template.js';
import type { PlaceholderValues } from '../../src/notify/placeholders.js';

function filled(source: string, values: PlaceholderValues, facts: readonly (readonly [string, string])[] = []): ReturnType<typeof fillTemplate> {
  const { template, problems } = readTemplate(source, 'internal');
  expect(problems).toEqual([]);
  return fillTemplate(template, values, facts);
}

describe('a template', () => {
  it('has a title, text, facts and what comes next', () => {
    expect(filled('\n${target} is rolled back\n\nWe are on it.\n\nReason: ${reason}\nLevel: ${level}, plan ${plan}\nNext: ${next}\n', { target: 'checkout', reason: 'errors', level: '3 (code)', plan: 'p', next: 'wait' })).toEqual({
      title: 'checkout is rolled back',
      text: 'We are on it.',
      facts: [['Reason', 'errors'], ['Level', '3 (code), plan p']],
      next: 'wait',
    });
  });

  it('leaves out lines of which nothing is known, and keeps what people have written', () => {
    const source = 'T\nLead: ${lead}\nCall: the bridge\nVerification needed:\n- ${verification}\n- orders go through\nboth ${lead} ${eta}\n';
    expect(filled(source, {})).toMatchObject({ text: '', facts: [['Call', 'the bridge'], ['Verification needed', '- orders go through']] });
    expect(filled(source, { eta: 'soon' })).toMatchObject({ text: 'both  soon' });
  });

  it('shows what Belay would show where it says so', () => {
    expect(filled('T\na: 1\n${facts}\nb: 2', {}, [['x', 'y']])?.facts).toEqual([['a', '1'], ['x', 'y'], ['b', '2']]);
  });

  it('never reads a value as a template', () => {
    expect(filled('${title}', { title: '${lead}\nNext: x' })?.title).toBe('${lead}\nNext: x');
  });

  it('tells each slip with its line and column', () => {
    const { problems } = readTemplate('${titel}\n\nReason: ${reson} ${\n${facts} here\n', 'internal');
    expect(problems.map(({ line, column, message }) => [line, column, message])).toEqual([
      [1, 3, 'there is no placeholder "titel"'],
      [3, 11, 'there is no placeholder "reson"'],
      [3, 18, '${ has no closing brace'],
      [4, 1, '${facts} stands on a line of its own'],
    ]);
    expect(readTemplate(' \n', 'internal').problems).toMatchObject([{ line: 1, message: expect.stringContaining('empty') as string }]);
  });

  it('for customers knows nothing from inside, and is text below its title', () => {
    const { problems, template } = readTemplate('${service}\n\nNote: ${query}\nNote: all is well', 'customer');
    expect(problems).toMatchObject([{ line: 3, column: 9, message: '"query" is for people inside, and this message goes to customers' }]);
    expect(fillTemplate(template, { service: 'Shop' }, [])).toEqual({ title: 'Shop', text: 'Note: \nNote: all is well', facts: [] });
  });

  it('takes whatever people write, in little time', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('${', '}', '${title}', '${facts}', '\n', '- ', 'Next:', 'a: ', '\r\n', ' '));
    fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), fc.string(), (pieces, title) => {
      const source = pieces.join('');
      const { template, problems } = readTemplate(source, 'internal');
      const lines = source.split('\n').length;
      for (const problem of problems) expect(problem.line >= 1 && problem.line <= lines && problem.column >= 1).toBe(true);
      const message = fillTemplate(template, { title }, [['x', 'y']]);
      expect(message === undefined || message.title.trim() !== '').toBe(true);
    }));
  });
});

it('the ones that ship have no problem', () => {
  for (const source of Object.values(internalDefaults)) expect(readTemplate(source, 'internal').problems).toEqual([]);
  for (const source of Object.values(customerDefaults)) expect(readTemplate(source, 'customer').problems).toEqual([]);
});
