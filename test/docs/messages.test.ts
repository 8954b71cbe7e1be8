/** docs/messages.md lists the kinds and placeholders that templates know, and no other. */
import { expect, test } from 'vitest';
import { wordedKinds } from '../../src/notify/default-templates.js';
import { placeholders } from '../../src/notify/placeholders.js';
import { readDoc, tableRows } from '../support/markdown.js';

const page = readDoc('docs/messages.md');

test('every placeholder has its row, with what it means and whether customers may see it', () => {
  const rows = tableRows(page, 'Placeholder').map(([name, means, customer]) => [name?.replaceAll('`', ''), means, customer]);
  expect(rows).toEqual(Object.entries(placeholders).map(([name, { means, customer }]) => [name, means, customer ? 'yes' : 'no']));
});

test('every kind is named', () => {
  const [, kinds = ''] = /^Kinds for people inside: (.*?)\. /m.exec(page) ?? [];
  expect([...kinds.matchAll(/`([^`]+)`/g)].map(([, kind]) => kind)).toEqual([...wordedKinds]);
});
