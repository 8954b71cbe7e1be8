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

/** All of it, and what means something to one program or another: shells, options, paths, lines, SQL, templates, YAML, objects of JavaScript. */
export const breakOutValues: readonly (readonly [what: string, value: string])[] = [
  ...hostileValues,
  ...[
    '| touch pwned', '-rf', '--output=pwned', '../../outside', '/etc/passwd', 'a\rb', '\tx ', "'; DROP TABLE feature_flags; --", '"', "'", '\\',
    '${environment}', '#{x}', '%s%n', '%2e%2e%2f', '&anchor', '*alias', '!!js/function x', '__proto__', 'constructor', '.', '..', 'null', 'ünï\u2028',
  ].map((value): [string, string] => [JSON.stringify(value), value]),
];

/** What no parameter of a step can hold at all. */
export const impossibleValues: readonly (readonly [what: string, value: string])[] = [
  ['a NUL', 'v1\0'],
  ['a megabyte', 'x'.repeat(1024 * 1024)],
];
