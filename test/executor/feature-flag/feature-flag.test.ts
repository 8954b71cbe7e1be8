import Database from 'better-sqlite3';
import pg from 'pg';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startJsonService, type JsonService } from '../../support/json-service.js';
import { startPostgres, type PostgresServer } from '../../support/postgres-server.js';
import { StepRunner } from '../../support/step-runner.js';

const off = { flagKey: 'new-checkout', targetState: false };
const on = { flagKey: 'new-checkout', targetState: true };
const HOSTILE = ['; rm -rf /', '$(touch pwned)', '--flag', '../../etc', 'two\nlines', `'; DROP TABLE feature_flags; --`, '__proto__', 'constructor', '"', '${version}'];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-flags-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a file in flagd\'s format', () => {
  const original = `{
\t"$schema": "https://flagd.dev/schema/v0/flags.json",
\t"flags": {
\t\t"old": { "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off" },
\t\t"new-checkout": {
\t\t\t"state": "ENABLED",
\t\t\t"variants": { "on": true, "off": false },   "defaultVariant": "on",
\t\t\t"metadata": { "note": "caf\\u00e9 \\/ 1.0e3" }
\t\t}
\t}
}
`;
  const path = (): string => join(directory, 'flags.json');
  const runner = (): StepRunner => new StepRunner({ directory, bindings: { featureFlags: { default: { type: 'file', path: 'flags.json' } } } });
  const write = (flag: Record<string, unknown>, rest: Record<string, unknown> = {}): void => writeFileSync(path(), JSON.stringify({ flags: { 'new-checkout': flag }, ...rest }));

  it('switches the default variant and changes nothing else, mode and link included', async () => {
    writeFileSync(join(directory, 'real.json'), original);
    chmodSync(join(directory, 'real.json'), 0o640);
    symlinkSync('real.json', path());
    expect(await runner().describe('feature-flag', off)).toEqual({ summary: 'flag new-checkout in flags.json: on → off', before: 'on', after: 'off' });
    expect(readFileSync(path(), 'utf8')).toBe(original);
    expect(await runner().state('feature-flag', off)).toBe('not-applied');
    await runner().execute('feature-flag', off);
    expect(readFileSync(path(), 'utf8')).toBe(original.replace('"defaultVariant": "on"', '"defaultVariant": "off"'));
    expect(await runner().state('feature-flag', off)).toBe('applied');
    expect((await runner().describe('feature-flag', off)).summary).toBe('flag new-checkout in flags.json: already off');
    expect(statSync(path()).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory).sort()).toEqual(['flags.json', 'real.json']);
    await runner().execute('feature-flag', { flagKey: 'new-checkout', targetState: 'on' });
    expect(readFileSync(path(), 'utf8')).toBe(original);
  });

  it('does not write a file that is as wanted already', async () => {
    writeFileSync(path(), original.replace('"defaultVariant": "on"', '"defaultVariant": "off"'));
    const before = statSync(path()).ino;
    await runner().execute('feature-flag', off);
    expect(statSync(path()).ino).toBe(before);
  });

  it('finds the variant by its value, and enables a flag that leaves it to the client', async () => {
    write({ state: 'DISABLED', variants: { treatment: true, control: false }, defaultVariant: 'treatment' });
    expect(await runner().state('feature-flag', off)).toBe('unknown');
    await runner().execute('feature-flag', off);
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({ flags: { 'new-checkout': { state: 'ENABLED', variants: { treatment: true, control: false }, defaultVariant: 'control' } } });
  });

  it.each([
    ['has no variant whose value is false', { state: 'ENABLED', variants: { on: true, other: 'off' }, defaultVariant: 'on' }],
    ['can still answer "on"', { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', targeting: { if: [{ ends_with: [{ var: 'email' }, '@example.com'] }, 'on', null] } }],
    ['can still answer "on"', { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', targeting: { fractional: [['on', 50], ['off', 50]] } }],
    ['can still answer "on"', { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off', targeting: { if: [{ $ref: 'beta' }, null] } }],
    ['can still answer "on"', { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', targeting: { cat: ['o', { var: 'suffix' }] } }],
    ['can still answer "true"', { state: 'ENABLED', variants: { true: true, false: false }, defaultVariant: 'true', targeting: { '==': [{ var: 'plan' }, 'pro'] } }],
    ['is not in flagd\'s format', { state: 'ON', variants: {} }],
  ])('refuses, and leaves the file alone, when a flag %s', async (message, flag) => {
    write(flag, { $evaluators: { beta: { if: [{ var: 'beta' }, 'on'] } } });
    const before = readFileSync(path(), 'utf8');
    await expect(runner().execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining(message) as string });
    expect(readFileSync(path(), 'utf8')).toBe(before);
  });

  it('accepts targeting rules that can only answer as wanted', async () => {
    write({ state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', targeting: { if: [{ '==': [{ var: 'plan' }, 'free'] }, 'off', null] } });
    await runner().execute('feature-flag', off);
    expect(await runner().state('feature-flag', off)).toBe('applied');
  });

  it('undo puts the file back, letter by letter, also a flag that was left to the client', async () => {
    for (const text of [original, original.replace('"ENABLED",\n\t\t\t"variants"', '"DISABLED",\n\t\t\t"variants"'), original.replace(',   "defaultVariant": "on"', '')]) {
      writeFileSync(path(), text);
      const captured = await runner().capture('feature-flag', off);
      await runner().execute('feature-flag', off);
      expect(readFileSync(path(), 'utf8')).not.toBe(text);
      await runner().undo('feature-flag', off, captured);
      expect(readFileSync(path(), 'utf8')).toBe(text);
    }
  });

  it('undo refuses where somebody has switched the flag meanwhile, and data that is none of its own', async () => {
    writeFileSync(path(), original);
    await runner().execute('feature-flag', off);
    await expect(runner().undo('feature-flag', off, { state: 'perhaps' })).rejects.toMatchObject({ code: 'undo-impossible' });
    await runner().execute('feature-flag', on);
    await expect(runner().undo('feature-flag', off, { state: 'DISABLED', defaultVariant: 'on' })).rejects.toMatchObject({ code: 'state-drifted' });
    expect(readFileSync(path(), 'utf8')).toBe(original);
  });

  describe('for a segment', () => {
    const segmentOff = { ...off, scope: 'segment', segment: 'beta' };
    const evaluators = { $evaluators: { beta: { ends_with: [{ var: 'email' }, '@example.com'] } } };
    const flag = (): Record<string, unknown> => (JSON.parse(readFileSync(path(), 'utf8')) as { flags: Record<string, Record<string, unknown>> }).flags['new-checkout']!;
    const enabled = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };

    it.each([
      ['without rules', undefined, { if: [{ $ref: 'beta' }, 'off', null] }],
      ['with rules', { if: [{ '==': [{ var: 'plan' }, 'free'] }, 'off', null] }, { if: [{ $ref: 'beta' }, 'off', { if: [{ '==': [{ var: 'plan' }, 'free'] }, 'off', null] }] }],
      ['with a branch for it', { if: [{ $ref: 'beta' }, 'on', 'off'] }, { if: [{ $ref: 'beta' }, 'off', 'off'] }],
    ])('its members get the variant by a first branch of targeting, and undo takes it back: a flag %s', async (_what, targeting, wanted) => {
      write({ ...enabled, ...(targeting === undefined ? {} : { targeting }) }, evaluators);
      const before = readFileSync(path(), 'utf8');
      const captured = await runner().capture('feature-flag', segmentOff);
      await runner().execute('feature-flag', segmentOff);
      expect(flag()).toEqual({ ...enabled, targeting: wanted });
      expect(await runner().state('feature-flag', segmentOff)).toBe('applied');
      await runner().undo('feature-flag', segmentOff, captured);
      expect(readFileSync(path(), 'utf8')).toBe(before);
    });

    it('is refused where there is no such rule, and where targeting is not asked', async () => {
      write(enabled, evaluators);
      await expect(runner().execute('feature-flag', { ...segmentOff, segment: 'gamma' })).rejects.toThrow('has no segment "gamma"');
      await expect(runner().execute('feature-flag', { ...segmentOff, segment: '__proto__' })).rejects.toThrow('has no segment');
      write({ ...enabled, state: 'DISABLED' }, evaluators);
      await expect(runner().execute('feature-flag', segmentOff)).rejects.toThrow('targeting is not asked');
      expect(flag()).toEqual({ ...enabled, state: 'DISABLED' });
    });
  });

  it.each(HOSTILE)('refuses the unknown flag %j', async (flagKey) => {
    writeFileSync(path(), original);
    await expect(runner().execute('feature-flag', { flagKey, targetState: false })).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('has no flag') as string });
    expect(readFileSync(path(), 'utf8')).toBe(original);
  });

  it('says what is wrong with a file that is broken or missing', async () => {
    await expect(runner().execute('feature-flag', off)).rejects.toThrow(/ENOENT.*flags\.json/);
    writeFileSync(path(), '{"flags": {');
    await expect(runner().execute('feature-flag', off)).rejects.toThrow('flags.json is not JSON');
    expect(await runner().state('feature-flag', off)).toBe('unknown');
  });

  it('loses no change when several flags of one file are switched at once', async () => {
    const names = Array.from({ length: 12 }, (_unused, index) => `flag-${index}`);
    const flag = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };
    writeFileSync(path(), JSON.stringify({ flags: Object.fromEntries(names.map((name) => [name, flag])) }));
    await Promise.all(names.map((flagKey) => runner().execute('feature-flag', { flagKey, targetState: false })));
    const { flags } = JSON.parse(readFileSync(path(), 'utf8')) as { flags: Record<string, { defaultVariant: string }> };
    expect(Object.values(flags).map(({ defaultVariant }) => defaultVariant)).toEqual(names.map(() => 'off'));
  });
});

describe('a table in SQLite', () => {
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({ directory, bindings: { featureFlags: { default: { type: 'sql', url: 'sqlite:flags.db', ...binding } } } });
  let database: Database.Database;

  beforeEach(() => {
    database = new Database(join(directory, 'flags.db'));
    database.exec(`CREATE TABLE feature_flags ("key" TEXT, enabled INTEGER); INSERT INTO feature_flags VALUES ('new-checkout', 1), ('other', 1), ('twice', 1), ('twice', 0), ('odd', 7)`);
  });
  afterEach(() => void database.close());

  it('switches the one row and reads it back', async () => {
    expect((await runner().describe('feature-flag', off)).summary).toBe('flag new-checkout in table feature_flags: on → off');
    await runner().execute('feature-flag', off);
    expect(database.prepare('SELECT enabled FROM feature_flags').pluck().all()).toEqual([0, 1, 1, 0, 7]);
    expect(await runner().state('feature-flag', off)).toBe('applied');
  });

  it('uses the words and the names of the binding', async () => {
    database.exec(`CREATE TABLE "my-flags" (name TEXT, status TEXT); INSERT INTO "my-flags" VALUES ('new-checkout', 'active')`);
    await runner({ table: 'my-flags', keyColumn: 'name', valueColumn: 'status', on: 'active', off: 'inactive' }).execute('feature-flag', off);
    expect(database.prepare('SELECT status FROM "my-flags"').pluck().get()).toBe('inactive');
  });

  it('refuses an unknown flag, one with several rows, one that is neither, and changes nothing', async () => {
    for (const flagKey of ['unknown', 'twice', ...HOSTILE]) await expect(runner().execute('feature-flag', { flagKey, targetState: false })).rejects.toThrow(flagKey === 'twice' ? 'has 2 rows' : 'has no flag');
    expect(await runner().state('feature-flag', { flagKey: 'odd', targetState: false })).toBe('unknown');
    expect(database.prepare('SELECT enabled FROM feature_flags').pluck().all()).toEqual([1, 1, 1, 0, 7]);
  });

  it('undo writes the very value that was there', async () => {
    const odd = { flagKey: 'odd', targetState: false };
    const captured = await runner().capture('feature-flag', odd);
    await runner().execute('feature-flag', odd);
    await runner().undo('feature-flag', odd, captured);
    expect(database.prepare('SELECT enabled FROM feature_flags').pluck().all()).toEqual([1, 1, 1, 0, 7]);
  });

  it('switches the row of a segment alone, and the one for everybody alone', async () => {
    database.exec(`CREATE TABLE by_segment ("key" TEXT, enabled INTEGER, segment TEXT); INSERT INTO by_segment VALUES ('new-checkout', 1, NULL), ('new-checkout', 1, 'beta'), ('new-checkout', 1, 'gamma')`);
    const bound = runner({ table: 'by_segment', segmentColumn: 'segment' });
    const values = (): unknown => database.prepare('SELECT enabled FROM by_segment').pluck().all();
    const beta = { ...off, scope: 'segment', segment: 'beta' };
    expect((await bound.describe('feature-flag', beta)).summary).toBe('flag new-checkout in table by_segment for segment beta: on → off');
    const captured = await bound.capture('feature-flag', beta);
    await bound.execute('feature-flag', beta);
    expect(values()).toEqual([1, 0, 1]);
    await bound.execute('feature-flag', off);
    expect(values()).toEqual([0, 0, 1]);
    await bound.undo('feature-flag', beta, captured);
    expect(values()).toEqual([0, 1, 1]);
    for (const segment of ['delta', ...HOSTILE]) await expect(bound.execute('feature-flag', { ...beta, segment })).rejects.toThrow('has no flag');
    await expect(runner().execute('feature-flag', beta)).rejects.toMatchObject({ code: 'parameter-invalid', message: expect.stringContaining('has no segmentColumn') as string });
  });

  it('never makes a database that is not there', async () => {
    await expect(runner({ url: 'sqlite:gone.db' }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('gone.db') as string });
    expect(existsSync(join(directory, 'gone.db'))).toBe(false);
  });

  it('waits for another writer without holding anything up, and gives up when told to', async () => {
    database.exec('BEGIN IMMEDIATE');
    const reason = new Error('time is over');
    const abort = new AbortController();
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 5);
    setTimeout(() => abort.abort(reason), 300);
    await expect(runner().execute('feature-flag', off, abort.signal)).rejects.toBe(reason);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(20);
    setTimeout(() => database.exec('COMMIT'), 200);
    await runner().execute('feature-flag', off);
    expect(await runner().state('feature-flag', off)).toBe('applied');
  });

  it('refuses names that are no names', () => {
    for (const table of ['flags"; DROP TABLE x; --', 'a b', '']) expect(() => runner({ table })).toThrow();
  });
});

describe('a table in PostgreSQL', () => {
  let server: PostgresServer;
  let client: pg.Client;
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({ bindings: { featureFlags: { default: { type: 'sql', url: server.url, table: 'ops.feature_flags', ...binding } } } });
  const values = async (): Promise<unknown[]> => (await client.query<{ enabled: unknown }>('SELECT enabled FROM ops.feature_flags ORDER BY key')).rows.map(({ enabled }) => enabled);

  beforeAll(async () => {
    server = await startPostgres();
    client = new pg.Client(server.url);
    client.on('error', () => undefined);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });
  beforeEach(async () => {
    await client.query(`DROP SCHEMA IF EXISTS ops CASCADE; CREATE SCHEMA ops; CREATE TABLE ops.feature_flags (key text, enabled boolean); INSERT INTO ops.feature_flags VALUES ('new-checkout', true), ('other', true), ('twice', true), ('twice', true)`);
  });

  it('switches the one row and reads it back', async () => {
    expect((await runner().describe('feature-flag', off)).summary).toBe('flag new-checkout in table ops.feature_flags: on → off');
    await runner().execute('feature-flag', off);
    expect(await values()).toEqual([false, true, true, true]);
    await runner().execute('feature-flag', on);
    expect(await runner().state('feature-flag', on)).toBe('applied');
  });

  it('refuses an unknown flag and one with several rows, and changes nothing', async () => {
    for (const flagKey of ['twice', ...HOSTILE]) await expect(runner().execute('feature-flag', { flagKey, targetState: false })).rejects.toThrow(flagKey === 'twice' ? 'has 2 rows' : 'has no flag');
    expect(await values()).toEqual([true, true, true, true]);
  });

  it('switches the row of a segment alone, and undo writes what was there', async () => {
    await client.query(`ALTER TABLE ops.feature_flags ADD segment text; UPDATE ops.feature_flags SET segment = 'beta' WHERE ctid = (SELECT max(ctid) FROM ops.feature_flags WHERE key = 'twice')`);
    const bound = runner({ segmentColumn: 'segment' });
    const beta = { flagKey: 'twice', targetState: false, scope: 'segment', segment: 'beta' };
    const captured = await bound.capture('feature-flag', beta);
    await bound.execute('feature-flag', beta);
    const states = async (): Promise<unknown> => (await client.query(`SELECT segment, enabled FROM ops.feature_flags WHERE key = 'twice' ORDER BY segment`)).rows;
    expect(await states()).toEqual([{ segment: 'beta', enabled: false }, { segment: null, enabled: true }]);
    await bound.undo('feature-flag', beta, captured);
    expect(await states()).toEqual([{ segment: 'beta', enabled: true }, { segment: null, enabled: true }]);
    await bound.execute('feature-flag', { flagKey: 'twice', targetState: false });
    expect(await states()).toEqual([{ segment: 'beta', enabled: true }, { segment: null, enabled: false }]);
  });

  it('changes nothing once it was told to stop while it waited for a lock', async () => {
    await client.query(`BEGIN; UPDATE ops.feature_flags SET enabled = true WHERE key = 'new-checkout'`);
    const reason = new Error('time is over');
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 500);
    await expect(runner().execute('feature-flag', off, abort.signal)).rejects.toBe(reason);
    await client.query('COMMIT');
    await client.query('LOCK TABLE ops.feature_flags IN ACCESS EXCLUSIVE MODE').catch(() => undefined);
    await expect.poll(async () => (await client.query(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'belay'`)).rowCount).toBe(0);
    expect(await values()).toEqual([true, true, true, true]);
  });

  it('says that the server cannot be reached, without its password', async () => {
    const failure = runner({ url: 'postgres://belay:hunter22@127.0.0.1:1/postgres' }).execute('feature-flag', off);
    await expect(failure).rejects.toMatchObject({ code: 'provider-unreachable', message: expect.not.stringContaining('hunter22') as string });
  });
});

describe('an HTTP API', () => {
  let service: JsonService;
  let state: unknown = true;
  let isStuck = false;
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({
      bindings: {
        featureFlags: {
          default: {
            type: 'http',
            set: { method: 'PUT', url: `${service.url}/flags/\${flagKey}?env=\${environment}`, headers: { authorization: 'Bearer s3cret-token' }, body: { enabled: '${targetState}', by: 'belay for ${flagKey}' } },
            get: { url: `${service.url}/flags/\${flagKey}`, jsonPointer: '/data/enabled' },
            ...binding,
          },
        },
      },
    });

  beforeEach(async () => {
    state = true;
    isStuck = false;
    service = await startJsonService((request) => {
      if (request.method === 'GET') return { status: 200, body: { data: { enabled: state } } };
      if (isStuck) return undefined;
      state = (JSON.parse(request.body) as { enabled: unknown }).enabled;
      return { status: 204 };
    });
  });
  afterEach(() => service.close());

  it('sets with typed values, each in its place, and reads back', async () => {
    await runner().execute('feature-flag', { flagKey: 'a/../b?c', targetState: false });
    const put = service.requests.find(({ method }) => method === 'PUT')!;
    expect(put).toMatchObject({ url: '/flags/a%2F..%2Fb%3Fc?env=staging', headers: { 'content-type': 'application/json', authorization: 'Bearer s3cret-token' } });
    expect(JSON.parse(put.body)).toEqual({ enabled: false, by: 'belay for a/../b?c' });
  });

  it('sends nothing when the flag is as wanted already', async () => {
    await runner().execute('feature-flag', on);
    expect(service.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('refuses a value that would leave its place in the URL', async () => {
    await expect(runner().execute('feature-flag', { flagKey: '..', targetState: false })).rejects.toMatchObject({ code: 'parameter-invalid' });
    expect(service.requests).toEqual([]);
  });

  it('fails when the service says no, says nothing sensible, or does not do it', async () => {
    const refusing = await startJsonService(({ method }) => (method === 'GET' ? { status: 200, body: { data: { enabled: 'on' } } } : { status: 403, body: { error: 'read only' } }));
    const binding = { set: { url: `${refusing.url}/x?token=s3cret` }, get: { url: `${refusing.url}/x`, jsonPointer: '/data/enabled' } };
    await expect(runner(binding).execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/^POST http:\/\/127\.0\.0\.1:\d+\/x answered 403: .*read only/) as string });
    await expect(runner({ ...binding, set: { ...binding.set, expectStatus: 403 } }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'state-not-as-wanted', context: { expected: 'off', actual: 'on' } });
    await refusing.close();
    await expect(runner(binding).execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-unreachable' });
    await expect(runner({ get: { url: `${service.url}/flags/x`, jsonPointer: '/nowhere' } }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'state-not-as-wanted', message: expect.stringContaining('answered nothing') as string });
  });

  it('aborts a request that is not answered', async () => {
    isStuck = true;
    await expect(runner().execute('feature-flag', off, AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('does not follow a redirect', async () => {
    const redirecting = await startJsonService(() => ({ status: 302, headers: { location: `${service.url}/flags/x` } }));
    await expect(runner({ set: { url: redirecting.url } }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('answered 302') as string });
    await redirecting.close();
  });
});

describe('commands', () => {
  const script = `#!/bin/sh
case "$1" in
  set) printf '%s' "$3" > "state" && printf '%s\\n' "$2" >> "log" ;;
  get) cat state ;;
esac
`;
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({ directory, bindings: { featureFlags: { default: { type: 'command', set: ['./flag', 'set', '${flagKey}', '${targetState}'], get: ['./flag', 'get', '${flagKey}'], ...binding } } } });

  beforeEach(() => {
    writeFileSync(join(directory, 'flag'), script, { mode: 0o755 });
    writeFileSync(join(directory, 'state'), ' Enabled \n');
  });

  it.each(HOSTILE)('hands %j over as one argument', async (flagKey) => {
    await runner().execute('feature-flag', { flagKey, targetState: false });
    expect(readFileSync(join(directory, 'log'), 'utf8')).toBe(`${flagKey}\n`);
    expect(readFileSync(join(directory, 'state'), 'utf8')).toBe('false');
    expect(readdirSync(directory).sort()).toEqual(['flag', 'log', 'state']);
  });

  it('does nothing when the flag is as wanted, and runs in spite of a state that cannot be read', async () => {
    await runner().execute('feature-flag', on);
    expect(existsSync(join(directory, 'log'))).toBe(false);
    writeFileSync(join(directory, 'state'), 'perhaps');
    expect(await runner().state('feature-flag', on)).toBe('unknown');
    await runner().execute('feature-flag', on);
    expect(readFileSync(join(directory, 'state'), 'utf8')).toBe('true');
  });

  it('fails with the words of the command, and when nothing changed', async () => {
    await expect(runner({ set: ['sh', '-c', 'echo no such flag >&2; exit 7'] }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'command-failed', message: 'sh exited with 7: no such flag' });
    await expect(runner({ set: ['true'] }).execute('feature-flag', off)).rejects.toMatchObject({ code: 'state-not-as-wanted', message: 'flag new-checkout in true: wanted off, found on', context: { expected: 'off', actual: 'on' } });
  });

  it('names what is missing or wrong in the step', async () => {
    await expect(runner().execute('feature-flag', { targetState: false })).rejects.toMatchObject({ code: 'parameter-missing', message: expect.stringContaining('missing required parameter: flagKey') as string });
    await expect(runner().execute('feature-flag', { ...off, flagkey: 'x' })).rejects.toMatchObject({ code: 'parameter-invalid' });
    await expect(runner().execute('feature-flag', { flagKey: 'a\0b', targetState: false })).rejects.toMatchObject({ code: 'parameter-invalid' });
    await expect(runner().execute('feature-flag', { flagKey: 'x'.repeat(1_000_000), targetState: false })).rejects.toMatchObject({ code: 'parameter-invalid' });
    await expect(runner().execute('feature-flag', { ...off, provider: 'launchdarkly' })).rejects.toMatchObject({ code: 'parameter-invalid', message: 'featureFlags has no entry "launchdarkly"' });
  });
});
