import fc from 'fast-check';
import { Counter, Histogram, Registry, Summary } from 'prom-client';
import { setTimeout as waitMs } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseExposition, type Exposition, type ExpositionProblem } from '../../src/source/exposition.js';
import type { ExpositionFormat, ExpositionSample } from '../../src/source/exposition-sample.js';
import { startAnsweringServer } from '../support/answering-server.js';
import { startPrometheus } from '../support/prometheus-server.js';
import { corpus, expectAlways, fuzzTimeout } from '../support/fuzz.js';

function read(text: string, format: ExpositionFormat = 'text', maxSamples = 1_000_000): Exposition | ExpositionProblem {
  return parseExposition(text, { format, maxSamples });
}
function samples(text: string, format: ExpositionFormat = 'text'): readonly ExpositionSample[] {
  const exposition = read(text, format);
  if ('problem' in exposition) throw new Error(`line ${String(exposition.line)}: ${exposition.problem}`);
  return exposition.samples;
}

/** A line, and a part of what is said about it. */
const malformedText: readonly (readonly [string, string])[] = [
  ['1name 2', 'metric name'],
  ['ünicode 2', 'metric name'],
  ['name', 'expected " "'],
  ['name ', 'nothing stands where a value'],
  ['name{a="b"}', 'nothing stands where a value'],
  ['name one', '"one"'],
  ['name 1e999', '"1e999"'],
  ['name 0x10', '"0x10"'],
  ['name 1_000', '"1_000"'],
  ['name 1 2.5', 'timestamp'],
  ['name 1 2 3', 'follows the sample'],
  ['name 1 # {trace="x"} 1', 'follows the sample'],
  ['name{a="b} 1', 'closing quote'],
  ['name{a="b\\"} 1', 'closing quote'],
  ['name{a="b\\', 'closing quote'],
  ['name{a=b} 1', 'expected "\\""'],
  ['name{a} 1', 'expected "="'],
  ['name{a:b="c"} 1', 'expected "="'],
  ['name{a="b" c="d"} 1', 'expected ","'],
  ['name{a="b",,} 1', 'label name'],
  ['name{a="b",a="c"} 1', 'twice'],
  ['name{__name__="other"} 1', 'twice'],
  ['name{a="b"', 'expected ","'],
  ['name{', 'label name'],
  ['# TYPE name thing', 'not a type'],
  ['# TYPE name counter gauge', 'not a type'],
  ['# TYPE name', 'not a type'],
  ['name 1\r', '"1\\r"'],
  ['<!DOCTYPE html>', 'metric name'],
  ['{"status":"ok"}', 'metric name'],
];

const wellFormed: readonly (readonly [ExpositionFormat, string])[] = [
  ['text', ''],
  ['text', 'no_new_line 1'],
  ['text', '# HELP\n#\n# a comment\n\n\t\na{b="c",} 1 2\n'],
  ['text', 'a{ b = "c" , d = "e" } 1\n'],
  ['text', 'a\t1  2\n'],
  ['text', 'a{b="\\d"} Inf\nc -inf\nd nan\ne infinity\n'],
  ['text', 'a{}1\n'],
  ['openmetrics', '# EOF'],
  ['openmetrics', '# TYPE a counter\n# UNIT a_seconds seconds\na_total{b="c"} 1 1.5 # {d="e"} 1\n# EOF\n'],
  ['openmetrics', 'a 1\na_total 2 # {} 1 1.5\n# EOF\n'],
];

/** A document, the line that is wrong, and a part of what is said about it. */
const malformedOpenMetrics: readonly (readonly [string, number, string])[] = [
  ['a 1\n', 2, 'cut off'],
  ['a 1\n# EO', 2, 'comment'],
  ['# EOF\na 1\n', 2, 'follows'],
  ['# EOF\n\n', 2, 'follows'],
  ['a 1\n\n# EOF\n', 2, 'blank line'],
  ['# just saying\n# EOF\n', 1, 'comment'],
  ['#HELP a b\n# EOF\n', 1, 'expected " "'],
  ['# TYPE a untyped\n# EOF\n', 1, 'not a type'],
  ['a 1 NaN\n# EOF\n', 1, 'timestamp'],
  ['a 1 # 5\n# EOF\n', 1, 'no labels'],
  ['a 1 # {b="c"}\n# EOF\n', 1, 'nothing stands where'],
  ['a 1 # {b="c"} 1 x\n# EOF\n', 1, 'timestamp'],
  ['', 1, 'cut off'],
];

describe('the text format 0.0.4', () => {
  it('reads names, labels, values and timestamps, and passes over comments and blank lines', () => {
    const text = [
      '# HELP http_requests_total Requests, \\n escaped "quotes" and all.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      'http_requests_total{method="post",code="400",}    3 1395066363000',
      '',
      '# a comment, TYPE or not',
      '#',
      '# HELP',
      '#TYPE nothing counter',
      '\t  spaced:out \t{ a = "b" , c="" }\t-1.5e-3  -7\t',
      'bare +Inf',
      'low -Inf',
      'none{} NaN',
      'dots .5',
      'dots{a="1"} 5.',
      '# TYPE last untyped',
      'last 1',
    ].join('\n');
    expect(samples(text)).toEqual([
      { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027, timestampMs: 1395066363000 },
      { name: 'http_requests_total', labels: { method: 'post', code: '400' }, value: 3, timestampMs: 1395066363000 },
      { name: 'spaced:out', labels: { a: 'b' }, value: -0.0015, timestampMs: -7 },
      { name: 'bare', labels: {}, value: Infinity },
      { name: 'low', labels: {}, value: -Infinity },
      { name: 'none', labels: {}, value: NaN },
      { name: 'dots', labels: {}, value: 0.5 },
      { name: 'dots', labels: { a: '1' }, value: 5 },
      { name: 'last', labels: {}, value: 1 },
    ]);
    expect(samples('')).toEqual([]);
  });

  it('unescapes label values', () => {
    expect(samples(String.raw`path{dir="C:\\temp\\",say="\"hi\"",lines="a\nb",other="\d",brace="a}b{c",comma=",="} 1`)[0]!.labels).toEqual({
      dir: 'C:\\temp\\', say: '"hi"', lines: 'a\nb', other: '\\d', brace: 'a}b{c', comma: ',=',
    });
    expect(samples('x{a="ü🙂"} 1')[0]!.labels).toEqual({ a: 'ü🙂' });
    expect(Object.entries(samples('x{__proto__="a",constructor="b"} 1')[0]!.labels)).toEqual([['__proto__', 'a'], ['constructor', 'b']]);
  });

  it.each(malformedText)('refuses %j with its line', (line, reason) => {
    const result = read(`fine 1\nalso_fine{a="b"} 2\n${line}\nlater 3\n`);
    expect(result).toMatchObject({ line: 3, problem: expect.stringContaining(reason) as string });
  });

  it('bounds what is kept', () => {
    expect(read('a 1\nb 2\nc 3\n', 'text', 2)).toEqual({ line: 3, problem: 'there are more than 2 samples' });
    const text = 'wanted 1\nother 2\nother 3\nwanted 4';
    const wanted = parseExposition(text, { format: 'text', maxSamples: 2, wants: (name) => name === 'wanted' });
    expect(wanted).toMatchObject({ samples: [{ value: 1 }, { value: 4 }] });
    expect(parseExposition(`${text}\nother x`, { format: 'text', maxSamples: 2, wants: (name) => name === 'wanted' })).toMatchObject({ line: 5 });
  });
});

describe('OpenMetrics 1.0', () => {
  it('reads counters, histograms with exemplars, and the other families', () => {
    const text = [
      '# TYPE foo_seconds histogram',
      '# UNIT foo_seconds seconds',
      '# HELP foo_seconds How long.',
      'foo_seconds_bucket{le="0.01"} 0',
      'foo_seconds_bucket{le="+Inf"} 17 1520879607.789 # {trace_id="oHg5\\"SJ#YRHA0"} 9.8 1520879607.789',
      'foo_seconds_count 17 # {} 0.67',
      'foo_seconds_created 1520430000.123',
      '# TYPE hits counter',
      'hits_total{a="b"} 5 1.5',
      '# TYPE info info',
      'info_info{version="1"} 1',
      '# TYPE s stateset',
      '# EOF',
    ].join('\n');
    for (const document of [text, `${text}\n`]) {
      expect(samples(document, 'openmetrics').map(({ name, value, timestampMs }) => [name, value, timestampMs])).toEqual([
        ['foo_seconds_bucket', 0, undefined],
        ['foo_seconds_bucket', 17, 1520879607789],
        ['foo_seconds_count', 17, undefined],
        ['foo_seconds_created', 1520430000.123, undefined],
        ['hits_total', 5, 1500],
        ['info_info', 1, undefined],
      ]);
    }
  });

  it.each(malformedOpenMetrics)('refuses %j', (text, line, reason) => {
    expect(read(text, 'openmetrics')).toMatchObject({ line, problem: expect.stringContaining(reason) as string });
  });
});

it('reads what prom-client writes, in both formats', async () => {
  for (const type of ['text', 'openmetrics'] as const) {
    const registry = new Registry();
    if (type === 'openmetrics') registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const counter = new Counter({ name: 'hits_total', help: 'With "quotes" \\ and\nlines.', labelNames: ['path'], registers: [registry] });
    const histogram = new Histogram({ name: 'took_seconds', help: 'x', labelNames: ['path'], buckets: [0.1, 1], registers: [registry] });
    const summary = new Summary({ name: 'size_bytes', help: 'x', percentiles: [0.5], registers: [registry] });
    counter.inc({ path: 'a"\\\nb' }, 3);
    histogram.observe({ path: '/' }, 0.5);
    summary.observe(7);
    const found = samples(await registry.metrics(), type);
    expect(found).toContainEqual({ name: 'hits_total', labels: { path: 'a"\\\nb' }, value: 3 });
    expect(found).toContainEqual({ name: 'took_seconds_bucket', labels: { le: '1', path: '/' }, value: 1 });
    expect(found).toContainEqual({ name: 'took_seconds_bucket', labels: { le: '+Inf', path: '/' }, value: 1 });
    expect(found).toContainEqual({ name: 'size_bytes_sum', labels: {}, value: 7 });
  }
});

describe('beside a real Prometheus', () => {
  const documents: (readonly [ExpositionFormat, string])[] = [
    ...malformedText.map(([line]) => ['text', `fine 1\n${line}\n`] as const),
    ...malformedOpenMetrics.map(([text]) => ['openmetrics', text] as const),
    ...wellFormed,
  ].filter(([, text]) => !text.includes('b" c=')); // It does not miss a comma between labels.

  it('takes and refuses the same documents, but where Prometheus departs from the description of its format', async () => {
    const server = await startAnsweringServer();
    server.respond = (request, response) => {
      const [format, text] = documents[Number(request.url?.slice(1))]!;
      response.writeHead(200, { 'content-type': format === 'text' ? 'text/plain; version=0.0.4' : 'application/openmetrics-text; version=1.0.0' }).end(text);
    };
    const { host } = new URL(server.url);
    const prometheus = await startPrometheus({
      config: { scrape_configs: documents.map((_, index) => ({ job_name: String(index), scrape_interval: '1s', scrape_timeout: '1s', metrics_path: `/${String(index)}`, static_configs: [{ targets: [host] }] })) },
    });
    try {
      const targets = async (): Promise<{ scrapePool: string; health: string; lastError: string }[]> => {
        const answer = (await (await fetch(`${prometheus.url}/api/v1/targets`)).json()) as { data: { activeTargets: { scrapePool: string; health: string; lastError: string }[] } };
        return answer.data.activeTargets;
      };
      while ((await targets()).length < documents.length || (await targets()).some(({ health }) => health === 'unknown')) await waitMs(100);
      const theirs = (await targets()).map(({ scrapePool, health }) => [documents[Number(scrapePool)], health === 'up'] as const);
      const ours = theirs.map(([document]) => [document, !('problem' in read(document![1], document![0]))] as const);
      expect(ours).toEqual(theirs);
    } finally {
      await prometheus.stop();
      await server.stop();
    }
  });
});

describe('whatever comes', () => {
  const format = fc.constantFrom<ExpositionFormat>('text', 'openmetrics');

  it.each(corpus('exposition'))('corpus: %s', (_file, text) => {
    for (const asFormat of ['text', 'openmetrics'] as const) expect(read(text, asFormat)).toBeTypeOf('object');
  });

  it('never throws', { timeout: fuzzTimeout }, async () => {
    const alphabet = fc.constantFrom(...'ab_:{}=",\\ \t\n\r#0159.eE+-∞'.split(''), 'NaN', 'Inf', '# TYPE ', '# HELP ', '# EOF', 'le="', 'x{a="b"} 1\n');
    await expectAlways(
      'exposition',
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(alphabet).map((parts) => parts.join(''))), format, (text, asFormat) => {
        const result = read(text, asFormat);
        if ('problem' in result) expect(result.line).toBeLessThanOrEqual(text.split('\n').length + 1);
      }),
      2_000,
    );
  });

  it('reads back what was written', () => {
    const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,10}$/);
    const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/).filter((text) => text !== '__name__');
    const value = fc.oneof(fc.double(), fc.integer());
    const sample = fc.record({ name, labels: fc.dictionary(label, fc.string({ unit: 'binary', minLength: 1 })), value, timestampMs: fc.option(fc.integer(), { nil: undefined }) });
    const number = (of: number): string => (Number.isNaN(of) ? 'NaN' : Math.abs(of) === Infinity ? (of > 0 ? '+Inf' : '-Inf') : String(of));
    const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    fc.assert(
      fc.property(fc.array(sample), format, (written, asFormat) => {
        const lines = written.map((one) => {
          const labels = Object.entries(one.labels).map(([key, text]) => `${key}="${escaped(text)}"`);
          const time = one.timestampMs === undefined ? '' : ` ${String(asFormat === 'text' ? one.timestampMs : one.timestampMs / 1000)}`;
          return `${one.name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${number(one.value)}${time}\n`;
        });
        const document = lines.join('') + (asFormat === 'openmetrics' ? '# EOF\n' : '');
        expect(samples(document, asFormat).map((one) => ({ timestampMs: undefined, ...one, labels: Object.entries(one.labels) }))).toEqual(
          // The sign of zero is not written.
          written.map((one) => ({ ...one, value: one.value === 0 ? 0 : one.value, labels: Object.entries(one.labels) })),
        );
      }),
    );
  });

  it('takes time in proportion to the document, whatever it holds', () => {
    const hostile = [
      (size: number) => `a{b="${'\\'.repeat(size)}`,
      (size: number) => `a${' '.repeat(size)}x`,
      (size: number) => `a{${'b="c",'.repeat(size / 6)}`,
      (size: number) => '#'.repeat(size),
      (size: number) => 'a 1\n'.repeat(size / 4),
      (size: number) => `a ${'9'.repeat(size)}`,
    ];
    for (const document of hostile) {
      const text = document(4_000_000);
      const startedMs = performance.now();
      read(text);
      expect(performance.now() - startedMs).toBeLessThan(4_000);
    }
  });
});
