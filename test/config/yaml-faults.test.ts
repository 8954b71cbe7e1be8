import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig, type LoadResult } from '../../src/config/load-config.js';
import type { Problem } from '../../src/config/problem.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { corpus, expectAlways, fuzzTimeout } from '../support/fuzz.js';

const problemsOf = (result: LoadResult): readonly Problem[] => (result.ok ? result.warnings : result.problems);

async function told(belay: string | Uint8Array): Promise<string[]> {
  const result = await loadConfig(configFolder({ ...goodFiles, 'belay.yaml': belay }), { env: {} });
  return problemsOf(result).map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

const text = (bytes: number): string => `environment: test\n${'# filler\n'.repeat(bytes / 9)}`;

describe('a file that cannot be read as it should', () => {
  it.each<[title: string, content: string | Uint8Array, ...problems: string[]]>([
    ['empty', '', '1:1: the file is empty'],
    ['only comments', '# nothing\n', '1:1: the file is empty'],
    ['a list', '- a\n- b\n', '1:1: the file must be a map of keys and values, not a list'],
    ['prose', 'hello\n', '1:1: the file must be a map of keys and values, not text'],
    ['binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]), '1:1: the file is not a text file'],
    ['another encoding', new Uint8Array([0x61, 0x3a, 0x20, 0xe4]), '1:1: the file is not text in UTF-8'],
    ['huge', text(5_000_000), '1:1: the file is larger than 2 MiB'],
    ['tabs', 'environment: test\ntargets:\n\tcheckout: {}\n', '3:1: not valid YAML: tabs are not allowed as indentation'],
    ['an open bracket', 'environment: test\nsources: { prom: [\n', '3:1: not valid YAML: a [ or { is not closed'],
    ['an open quote', 'environment: "test\n', '2:1: not valid YAML: a quote is not closed'],
    ['a reference without quotes', 'http: { token: ${env:X} }\n', '1:17: not valid YAML: a { cannot stand here'],
    ['a query in braces without quotes', 'traffic: { expr: sum(rate(x[1m])), atLeast: 1 }\nnext: 1\nlast: 2\n', '1:28: not valid YAML: a [ cannot stand here'],
    ['several slips', 'a: b: c\nd: @x\ne: `y`\n', '1:4: not valid YAML: nested mappings are not allowed in compact mappings', '2:4: not valid YAML: plain value cannot start with reserved character @', '3:4: not valid YAML: plain value cannot start with reserved character `'],
    ['several documents', 'environment: test\n---\nenvironment: other\n', '2:1: the file holds several documents (---)'],
    ['an unknown tag', 'environment: !secret x\n', '1:14: not valid YAML: unresolved tag: !secret'],
    ['absurdly deep', '['.repeat(100_000), expect.stringMatching(/^1:\d+: the file is nested too deeply$/)],
  ])('%s', async (_title, content, ...problems) => {
    const all = await told(content);
    expect(all.slice(0, problems.length)).toEqual(problems);
    // Nobody knows what such a file declares, so the others are not said to refer to nothing.
    expect(all).toHaveLength(problems.length);
  });

  it('does not exist', async () => {
    const file = configFolder(goodFiles);
    rmSync(file);
    await expect(loadConfig(file, { env: {} })).resolves.toMatchObject({ ok: false, problems: [{ file, line: 1, column: 1, message: 'the file does not exist', hint: 'name another file with --config, or begin one with belay init' }] });
  });

  it('is a folder, is endless, or hides in a folder', async () => {
    const file = configFolder(goodFiles);
    const folder = dirname(file);
    mkdirSync(join(folder, 'rules', 'nested'));
    symlinkSync('/dev/zero', join(folder, 'plans', 'endless.yaml'));
    rmSync(join(folder, 'rules', 'checkout.yaml'));
    mkdirSync(join(folder, 'rules', 'link'), { recursive: true });
    const result = await loadConfig(file, { env: {} });
    expect(problemsOf(result).map(({ file: where, message, severity }) => `${where.slice(folder.length + 1)}: ${severity}: ${message}`)).toEqual([
      'belay.yaml: warning: no trigger watches the target "checkout"',
      'plans/endless.yaml: error: the file is not a file',
      'rules/link: warning: the file is a folder, which is not looked into',
      'rules/nested: warning: the file is a folder, which is not looked into',
    ]);
  });

  it('is a file where a folder is expected', async () => {
    const file = configFolder({ 'belay.yaml': goodFiles['belay.yaml'], 'rules/checkout.yaml': goodFiles['rules/checkout.yaml'], plans: 'id: x' });
    const result = await loadConfig(file, { env: {} });
    expect(problemsOf(result).map(({ file: where, message }) => `${where.slice(dirname(file).length + 1)}: ${message}`)).toEqual(['plans: the file is not a folder']);
  });
});

describe('YAML that is well-formed but means trouble', () => {
  const good = goodFiles['belay.yaml'];
  it.each([
    ['a comma in braces without quotes', `${good}extra: { expr: max by (a, b) (x), atLeast: 1 }\n`, '12:27: "b) (x)" is a key without a value'],
    ['keys that are there twice', `${good}environment: other\n`, '12:1: the key "environment" is there twice: first on line 1'],
    ['keys of prototypes', `${good}__proto__: { polluted: true }\n`, '12:1: the key "__proto__" is not allowed'],
    ['keys that are lists', `${good}? [a]\n: b\n`, '12:3: a key must be plain text'],
    ['keys that are empty', `${good}: b\n`, '12:1: a key is empty'],
    ['merge keys', good.replace('  checkout:\n', '  other: &o {}\n  checkout:\n    <<: *o\n'), '8:5: merge keys (<<) are not known here'],
    ['an alias of nothing', good.replace('environment: test', 'environment: *name'), '1:14: *name refers to nothing: there is no &name before it'],
    ['an alias of itself', good.replace('[ops@example.com]', '&to [*to]'), '11:77: *to contains itself'],
    ['aliases that multiply', good.replace('notify:', `x0: &x0 [1,1,1,1,1,1,1,1,1,1]\n${[1, 2, 3, 4, 5, 6, 7].map((n) => `x${n}: &x${n} [${Array(10).fill(`*x${n - 1}`).join(',')}]\n`).join('')}notify:`), '13:38: aliases (*) multiply to more than 10000 values'],
    ['bottomless nesting', `${good}x: ${'['.repeat(200)}${']'.repeat(200)}\n`, '12:67: lists and maps are nested deeper than 64 levels'],
  ])('%s', async (_title, content, problem) => {
    expect(await told(content)).toContain(problem);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('reads values through aliases, and finds the places of their problems', async () => {
    const aliased = good.replace('"http://127.0.0.1:9090"', '&url "ftp://x"').replace('"http://127.0.0.1:3000/metrics"', '*url');
    expect(await told(aliased)).toEqual(['3:39: "url" must begin with http:// or https://', '4:29: "url" must begin with http:// or https://']);
  });
});

describe('whatever people write', () => {
  const fragment = fc.constantFrom(
    ...['environment', 'mode', 'http', 'sources', 'targets', 'checkout', 'health', 'url', 'triggers', 'name', 'for', 'signal', 'expr', 'condition', 'steps', 'id', 'type', 'parameters', 'verification', 'checks', 'plans'],
    ...[': ', ':\n  ', '\n', '\n  ', '\n    ', '- ', ', ', '{ ', ' }', '[', ']', '"', "'", '|\n', '>-\n', '&a ', '*a', '!!str ', '? ', '---\n', '# ', '\t', '${env:X}', '${', '\\u', '<<', '__proto__', '%'],
    ...['test', 'prometheus', 'http://x', '5m', '10', '> 10%', 'sum(rate(a[1m]))', 'null', '~', '.nan', '-.inf', '0x1f', '1e999', 'true', '\u0000', '\ud800', '𝕏', '\r'],
  );
  const text = fc.array(fc.oneof({ weight: 8, arbitrary: fragment }, { weight: 1, arbitrary: fc.string() }), { maxLength: 40 }).map((pieces) => pieces.join(''));
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, true, 0, -1, 5, 1.5, '', 'x', '5m', '> 10%', '${env:X}', 'up{'), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fragment, tie('any'), { maxKeys: 4 })),
  })).any;

  /** Writes the files over those of the case before. */
  const inOneFolder = (): ((files: Record<keyof typeof goodFiles, string>) => Promise<LoadResult>) => {
    const file = configFolder(goodFiles);
    return (files) => {
      for (const [path, content] of Object.entries(files)) writeFileSync(join(dirname(file), path), content);
      return loadConfig(file, { env: {} });
    };
  };

  it.each(corpus('configuration'))('corpus: %s', async (_file, belay) => {
    expect((await loadConfig(configFolder({ ...goodFiles, 'belay.yaml': belay }), { env: {} })).ok).toBeTypeOf('boolean');
  });

  it('gives problems or a configuration, and never throws', { timeout: fuzzTimeout }, async () => {
    const load = inOneFolder();
    await expectAlways(
      'configuration',
      fc.asyncProperty(fc.tuple(text, text, text), async ([belay, rules, plans]) => {
        const result = await load({ 'belay.yaml': belay, 'rules/checkout.yaml': rules, 'plans/checkout.yaml': plans });
        for (const { line, column } of problemsOf(result)) expect([line >= 1, column >= 1]).toEqual([true, true]);
      }),
      150,
    );
  });

  it('gives problems for any data where other data is expected', { timeout: fuzzTimeout }, async () => {
    const replaced = (file: 'belay.yaml' | 'rules/checkout.yaml' | 'plans/checkout.yaml'): fc.Arbitrary<string> => {
      const lines = goodFiles[file].trimEnd().split('\n');
      return fc.tuple(fc.nat(lines.length - 1), value).map(([index, other]) => lines.map((line, at) => (at === index ? line.replace(/(:|-) .*$|:$/, `: ${JSON.stringify(other)}`) : line)).join('\n'));
    };
    const load = inOneFolder();
    await expectAlways(
      'configuration',
      fc.asyncProperty(replaced('belay.yaml'), replaced('rules/checkout.yaml'), replaced('plans/checkout.yaml'), async (belay, rules, plans) => {
        const result = await load({ 'belay.yaml': belay, 'rules/checkout.yaml': rules, 'plans/checkout.yaml': plans });
        expect(problemsOf(result).length > 0 || result.ok).toBe(true);
      }),
      150,
    );
  });
});
