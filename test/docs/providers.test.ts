import { describe, expect, test } from 'vitest';
import { bindingsSchema, type Bindings } from '../../src/executor/bindings.js';
import { stepTypes } from '../../src/rollback/rollback-plan.js';
import { readDoc, tableRows } from '../support/markdown.js';

const page = readDoc('docs/providers.md');
const columns = ['Reads', 'Changes', 'Verifies', 'Captures', 'Permissions', 'Timeouts', 'Tested'];
const headings: Readonly<Record<keyof Bindings, string>> = { featureFlags: 'Feature flags', configurations: 'Configurations', deployments: 'Deployments', databases: 'Databases', traffic: 'Traffic' };

function section(heading: string): string {
  const [, rest] = page.split(`\n## ${heading}\n`);
  if (rest === undefined) throw new Error(`the page has no heading ${heading}`);
  return rest.split(/\n## /)[0] ?? '';
}
/** `postgres`, `snapshotId` is a row of `postgres`. */
const nameOf = (cell = ''): string => /^`?([a-z0-9-]+)`?/.exec(cell)?.[1] ?? '';
const emptyCells = (rows: readonly (readonly string[])[]): readonly string[] => rows.filter((row) => row.length !== columns.length + 1 || row.includes('')).map(([name = '']) => name);

describe.each(Object.keys(headings) as (keyof Bindings)[])('the table of %s', (kind) => {
  const text = section(headings[kind]);
  const rows = tableRows(text, 'Type');

  test('has every provider, and no other', () => {
    const types = bindingsSchema.shape[kind].unwrap().valueType.options.flatMap((option) => [...(option._zod.propValues['type'] ?? [])].map(String));
    expect([...new Set(rows.map(([type]) => nameOf(type)))].toSorted()).toEqual(types.toSorted());
  });

  test('tells of each what it reads, changes, verifies and captures, what it needs and when it ends', () => {
    expect(text).toContain(`| Type | ${columns.join(' | ')} |`);
    expect(emptyCells(rows)).toEqual([]);
    for (const [type, , , , , , timeouts, tested] of rows) {
      expect(timeouts, type).toMatch(/^—$|\w/);
      expect(tested, type).toMatch(/^real|^contract-tested/);
    }
  });
});

test('steps that no entry of belay.yaml carries out have a table of their own', () => {
  const rows = tableRows(section('Steps without a provider'), 'Step');
  expect(rows.map(([type]) => type).toSorted()).toEqual(stepTypes.filter((type) => !['feature-flag', 'deployment', 'configuration', 'data', 'traffic'].includes(type)).toSorted());
  expect(rows.filter((row) => row.length !== columns.length || row.includes('')).map(([type]) => type)).toEqual([]);
});
