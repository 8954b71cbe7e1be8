import Database from 'better-sqlite3';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import { type EtcdServer, startEtcd } from '../support/etcd-server.js';
import { GitRepo } from '../support/git-repo.js';
import { breakOutValues, impossibleValues } from '../support/hostile-values.js';
import { startJsonService, type JsonService } from '../support/json-service.js';
import { StepRunner } from '../support/step-runner.js';

let directory: string;
let service: JsonService;
let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());
beforeEach(async () => {
  const outer = mkdtempSync(join(tmpdir(), 'belay-break-out-'));
  directory = join(outer, 'a', 'b');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(outer, 'outside'), 'untouched');
  service = await startJsonService(({ method }) => ({ status: 200, body: method === 'GET' && service.requests.every((request) => request.method === 'GET') ? 'on' : 'off' }));
});
afterEach(async () => {
  await service.close();
  // Nothing ran, and nothing was written elsewhere, whatever became of the step.
  const outer = join(directory, '../..');
  expect(readdirSync(outer).sort()).toEqual(['a', 'outside']);
  expect(readFileSync(join(outer, 'outside'), 'utf8')).toBe('untouched');
  expect([directory, process.cwd()].flatMap((place) => ['pwned', '--output=pwned'].filter((name) => existsSync(join(place, name))))).toEqual([]);
  rmSync(outer, { recursive: true });
});

interface Way {
  /** As it stands in belay.yaml. */
  readonly bindings: () => Record<string, unknown>;
  prepare(value: string): void | Promise<void>;
  readonly step: (value: string) => readonly [type: 'feature-flag' | 'configuration', parameters: Record<string, unknown>];
  /** What is there afterwards: as the value demands where the step is done, as before where it is refused. */
  state(value: string): unknown;
}

/** Runs the step, and holds it to: done exactly as it was said, or refused with a reason and nothing changed. */
async function holdsItsPlace(way: Way, value: string, done: unknown): Promise<void> {
  await way.prepare(value);
  const before = await way.state(value);
  const [type, parameters] = way.step(value);
  const failure: unknown = await new StepRunner({ directory, bindings: way.bindings() }).execute(type, parameters).then(() => undefined, (error: unknown) => error);
  if (failure === undefined) {
    expect(await way.state(value)).toEqual(done);
    return;
  }
  expect(failure).toBeInstanceOf(BelayError);
  // What a command prints is trimmed, so that such a version cannot be read back; it was handed over as it is.
  if (value !== value.trim() && (failure as BelayError).code === 'state-not-as-wanted') {
    expect(await way.state(value)).toEqual(done);
    return;
  }
  expect((failure as BelayError).code).toMatch(/^(parameter-invalid|parameter-missing|provider-refused)$/);
  expect((failure as BelayError).message.length).toBeLessThan(6_000);
  expect(await way.state(value)).toEqual(before);
}

const flagStep = (flagKey: string): readonly ['feature-flag', Record<string, unknown>] => ['feature-flag', { flagKey, targetState: false }];
const itemStep = (configItems: Record<string, unknown>): readonly ['configuration', Record<string, unknown>] => ['configuration', { service: 'shop', configItems }];
const script = (): void => writeFileSync(join(directory, 'told'), '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done > words\n', { mode: 0o755 });
const words = (): string[] => (existsSync(join(directory, 'words')) ? readFileSync(join(directory, 'words'), 'utf8').split('\0').slice(0, -1) : []);

describe.each<readonly [string, Way, (value: string) => unknown]>([
  [
    'a flag in a file',
    {
      bindings: () => ({ featureFlags: { default: { type: 'file', path: 'flags.json' } } }),
      prepare: (value) => writeFileSync(join(directory, 'flags.json'), JSON.stringify({ flags: Object.fromEntries(['other', value].map((name) => [name, { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' }])) })),
      step: flagStep,
      state: () => Object.entries((JSON.parse(readFileSync(join(directory, 'flags.json'), 'utf8')) as { flags: Record<string, { defaultVariant: string }> }).flags).map(([name, { defaultVariant }]) => [name, defaultVariant]),
    },
    (value) => [['other', 'on'], [value, 'off']],
  ],
  [
    'a flag in a table',
    {
      bindings: () => ({ featureFlags: { default: { type: 'sql', url: 'sqlite:flags.db' } } }),
      prepare: (value) => database((open) => void open.exec('CREATE TABLE feature_flags ("key" TEXT, enabled INTEGER)').prepare('INSERT INTO feature_flags VALUES (?, 1), (?, 1)').run('other', value)),
      step: flagStep,
      state: () => database((open) => open.prepare('SELECT enabled FROM feature_flags ORDER BY rowid').pluck().all()),
    },
    () => [1, 0],
  ],
  [
    'the segment of a flag in a table',
    {
      bindings: () => ({ featureFlags: { default: { type: 'sql', url: 'sqlite:flags.db', segmentColumn: 'segment' } } }),
      prepare: (value) => database((open) => void open.exec('CREATE TABLE feature_flags ("key" TEXT, enabled INTEGER, segment TEXT)').prepare(`INSERT INTO feature_flags VALUES ('x', 1, NULL), ('x', 1, ?)`).run(value)),
      step: (segment) => ['feature-flag', { flagKey: 'x', targetState: false, scope: 'segment', segment }],
      state: () => database((open) => open.prepare('SELECT enabled FROM feature_flags ORDER BY rowid').pluck().all()),
    },
    () => [1, 0],
  ],
  [
    'a flag behind commands',
    {
      bindings: () => ({ featureFlags: { default: { type: 'command', set: ['./told', '${flagKey}', 'key=${flagKey}'], get: ['sh', '-c', 'test -e words && echo off || echo on'] } } }),
      prepare: script,
      step: flagStep,
      state: words,
    },
    (value) => [value, `key=${value}`],
  ],
  [
    'a flag behind an HTTP API',
    {
      bindings: () => ({ featureFlags: { default: { type: 'http', set: { url: `${service.url}/flags/\${flagKey}?f=\${flagKey}`, body: { flag: '${flagKey}' } }, get: { url: `${service.url}/state`, jsonPointer: '' } } } }),
      prepare: () => undefined,
      step: flagStep,
      state: () =>
        service.requests
          .filter(({ method }) => method === 'POST')
          .map(({ url, body }) => {
            const { pathname, searchParams } = new URL(url, service.url);
            return [decodeURIComponent(pathname), searchParams.get('f'), JSON.parse(body) as unknown];
          }),
    },
    (value) => [[`/flags/${value}`, value, { flag: value }]],
  ],
  [
    'a version behind commands',
    {
      bindings: () => ({ configurations: { shop: { type: 'command', apply: ['./told', '${configVersion}'], current: ['sh', '-c', 'cat words 2>/dev/null | tr -d "\\0"; true'], reload: ['true', '${configVersion}'] } } }),
      prepare: script,
      step: (configVersion) => ['configuration', { service: 'shop', configVersion }],
      state: words,
    },
    (value) => [value],
  ],
  [
    'a version in git',
    {
      bindings: () => ({ configurations: { shop: { type: 'git', repo: 'repo', paths: ['app'] } } }),
      prepare: () => void new GitRepo(join(directory, 'repo')).commit({ 'app/x.yaml': 'a: 1\n' }),
      step: (configVersion) => ['configuration', { service: 'shop', configVersion }],
      state: () => new GitRepo(join(directory, 'repo')).git('rev-parse', 'HEAD'),
    },
    () => 'no such version',
  ],
  [
    'a revision of etcd',
    {
      bindings: () => ({ configurations: { shop: { type: 'etcd', endpoints: [etcd.url], prefix: '/shop/' } } }),
      prepare: () => undefined,
      step: (configVersion) => ['configuration', { service: 'shop', configVersion }],
      state: () => etcd.get('/shop/x'),
    },
    () => 'no such revision',
  ],
])('%s', (_name, way, done) => {
  it.each([...breakOutValues, ...impossibleValues])('%s', async (_shown, value) => {
    await holdsItsPlace(way, value, done(value));
  });
});

describe.each(['yaml', 'json', 'env', 'git', 'etcd', 'command'])('items in %s', (kind) => {
  const path = kind === 'git' ? 'repo/app.yaml' : `app.${kind}`;
  const way: Omit<Way, 'step'> = {
    bindings: () => {
      switch (kind) {
        case 'git':
          return { configurations: { shop: { type: 'git', repo: 'repo', paths: ['app.yaml'], itemsFile: { path: 'app.yaml' } } } };
        case 'etcd':
          return { configurations: { shop: { type: 'etcd', endpoints: [etcd.url], prefix: `${directory}/` } } };
        case 'command':
          return { configurations: { shop: { type: 'command', apply: ['./told', '${configItems}'], current: ['sh', '-c', 'test -e words && tr -d "\\0" < words || echo "{}"'] } } };
        default:
          return { configurations: { shop: { type: 'file', path } } };
      }
    },
    prepare: () => {
      if (kind === 'command') script();
      else if (kind === 'git') new GitRepo(join(directory, 'repo')).commit({ 'app.yaml': 'other: 1\n' });
      else writeFileSync(join(directory, path), { yaml: 'other: 1\n', json: '{"other": 1}\n', env: 'other=1\n' }[kind] ?? '');
    },
    state: () => (kind === 'command' ? words() : kind === 'etcd' ? undefined : readFileSync(join(directory, path), 'utf8')),
  };

  it.each([...breakOutValues, ...impossibleValues])('the name %s', async (_shown, name) => {
    await keeps({ [name]: 'x' });
  });

  it.each([...breakOutValues, ...impossibleValues])('the value %s', async (_shown, value) => {
    await keeps({ item: value });
  });

  /** What was set reads back as it was set, or it was refused and nothing is changed. */
  async function keeps(configItems: Record<string, unknown>): Promise<void> {
    await way.prepare('');
    const before = await way.state('');
    const runner = new StepRunner({ directory, bindings: way.bindings() });
    const [type, parameters] = itemStep(configItems);
    const failure: unknown = await runner.execute(type, parameters).then(() => undefined, (error: unknown) => error);
    if (failure !== undefined) {
      expect(failure).toBeInstanceOf(BelayError);
      expect(await way.state('')).toEqual(before);
      return;
    }
    expect((await runner.describe(type, parameters)).before).toEqual(configItems);
    if (kind === 'git') expect(new GitRepo(join(directory, 'repo')).git('status', '--porcelain')).toBe('');
  }
});

function database<T>(work: (open: Database.Database) => T): T {
  const open = new Database(join(directory, 'flags.db'));
  try {
    return work(open);
  } finally {
    open.close();
  }
}
