import { relative } from 'node:path';
import { failureText } from './result-text.js';
import type { ScenarioResult } from './scenario-result.js';

export interface FileResult {
  readonly file: string;
  readonly results: readonly ScenarioResult[];
}

/** The results as JUnit's XML: a suite for each file, a case for each scenario. Without times, so that one run is like another. */
export function junitXml(files: readonly FileResult[], cwd: string): string {
  const suites = files.map(({ file, results }) => {
    const name = attribute(relative(cwd, file));
    const cases = results.map((result) => testCase(result, name, cwd));
    return `  <testsuite name="${name}" tests="${results.length}" failures="${failed(results)}" errors="0">\n${cases.join('')}  </testsuite>\n`;
  });
  const all = files.flatMap(({ results }) => results);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="belay test" tests="${all.length}" failures="${failed(all)}" errors="0">\n${suites.join('')}</testsuites>\n`;
}

function testCase({ scenario, ok, failures, faults }: ScenarioResult, file: string, cwd: string): string {
  const open = `    <testcase classname="${file}" name="${attribute(scenario.name)}"`;
  if (ok) return `${open}/>\n`;
  const text = [...faults, ...failures.map((failure) => failureText(failure, cwd))].join('\n');
  const [first = ''] = [...faults, ...failures.map(({ expected }) => `expected ${expected}`)];
  return `${open}>\n      <failure message="${attribute(first)}">${content(text)}</failure>\n    </testcase>\n`;
}

function failed(results: readonly ScenarioResult[]): number {
  return results.filter(({ ok }) => !ok).length;
}

/** XML 1.0 has no way to write most control characters. */
function content(text: string): string {
  return text
    .replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function attribute(text: string): string {
  return content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;').replaceAll('\r', '&#13;');
}
