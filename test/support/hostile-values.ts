/** Text that tries to be more than a value, by what it tries: for tables of `it.each`. */
export const hostileValues: readonly (readonly [what: string, value: string])[] = [
  ['a second command', '; rm -rf /'],
  ['a substitution', '$(touch pwned)'],
  ['backticks', '`touch pwned`'],
  ['an option', '--flag'],
  ['a path upwards', '../../etc/passwd'],
  ['a query', 'v1?x=y'],
  ['a fragment', 'v1#x'],
  ['two lines', 'two\nlines'],
  ['a quotation mark', 'a"b'],
  ['4,000 characters', 'x'.repeat(4_000)],
];

/** What no parameter of a step can hold at all. */
export const impossibleValues: readonly (readonly [what: string, value: string])[] = [
  ['a NUL', 'v1\0'],
  ['a megabyte', 'x'.repeat(1024 * 1024)],
];
