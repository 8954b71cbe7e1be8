import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EtcdServer, startEtcd } from '../../support/etcd-server.js';
import { startJsonService } from '../../support/json-service.js';
import { StepRunner } from '../../support/step-runner.js';

let etcd: EtcdServer;
let prefix: string;
let count = 0;

beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());
/** Keys of its own for each test. */
beforeEach(() => {
  prefix = `/config/${String((count += 1))}/`;
});

const runner = (binding: Record<string, unknown> = {}): StepRunner => new StepRunner({ bindings: { configurations: { shop: { type: 'etcd', endpoints: [etcd.url], prefix, ...binding } } } });
const wanting = (configItems: Record<string, unknown>): Record<string, unknown> => ({ service: 'shop', configItems });
const version = (configVersion: string | number): Record<string, unknown> => ({ service: 'shop', configVersion: String(configVersion) });
const put = (name: string, value: string): Promise<number> => etcd.put(prefix + name, value);
const get = (name: string): Promise<string | undefined> => etcd.get(prefix + name);

describe('items', () => {
  const items = wanting({ rps: 50, mode: 'mono', 'a/b': { deep: [true] } });

  it('are set in one transaction, read back, and put back by undo, those that were not there included', async () => {
    await put('rps', '500');
    await put('mode', 'split');
    await put('other', 'x');
    expect(await runner().describe('configuration', items)).toMatchObject({ before: { rps: '500', mode: 'split' }, after: { rps: 50, mode: 'mono' } });
    expect(await runner().state('configuration', items)).toBe('not-applied');
    const captured = await runner().capture('configuration', items);
    expect(JSON.stringify(captured)).not.toMatch(/split|500"/);
    await runner().execute('configuration', items);
    expect(await Promise.all(['rps', 'mode', 'a/b', 'other'].map(get))).toEqual(['50', 'mono', '{"deep":[true]}', 'x']);
    expect(await runner().state('configuration', items)).toBe('applied');
    await put('other', 'y');
    await runner().undo('configuration', items, captured);
    expect(await Promise.all(['rps', 'mode', 'a/b', 'other'].map(get))).toEqual(['500', 'split', undefined, 'y']);
  });

  it('that are as wanted are not written', async () => {
    const before = await put('rps', '50');
    await runner().execute('configuration', wanting({ rps: 50 }));
    expect(await put('other', 'x')).toBe(before + 1);
  });

  it('undo refuses where another program has written meanwhile', async () => {
    await put('rps', '500');
    const captured = await runner().capture('configuration', wanting({ rps: 50 }));
    await runner().execute('configuration', wanting({ rps: 50 }));
    await put('rps', '70');
    await expect(runner().undo('configuration', wanting({ rps: 50 }), captured)).rejects.toMatchObject({ code: 'state-drifted' });
    expect(await get('rps')).toBe('70');
    await put('rps', '50');
    await expect(runner().undo('configuration', wanting({ rps: 50 }), { revision: 'x' })).rejects.toMatchObject({ code: 'undo-impossible' });
  });

  it('outside of the binding\'s keys are refused', async () => {
    await expect(runner({ keys: ['rps'] }).execute('configuration', items)).rejects.toMatchObject({ code: 'parameter-invalid', message: expect.stringContaining('mode, a/b is not among the keys') as string });
  });

  it.each(['; rm -rf /', '$(reboot)', '--flag', '../../etc', 'two\nlines', '"}', '', 'ünï'])('a value %j is written as it is', async (value) => {
    await runner().execute('configuration', wanting({ [`k${value}`]: value }));
    expect(await get(`k${value}`)).toBe(value);
  });
});

describe('a revision', () => {
  it('is brought back: changed keys, deleted keys, and keys that were not there; undo takes it back', async () => {
    await put('a', '1');
    const good = await put('b', '1');
    await put('a', '2');
    await etcd.delete(`${prefix}b`);
    await put('c', 'new');
    await etcd.put(`${prefix.slice(0, -1)}0`, 'a neighbour');
    expect((await runner().describe('configuration', version(good))).summary).toMatch(new RegExp(`^configuration of shop: revision \\d+ \\(${prefix}a, ${prefix}b, ${prefix}c\\) → ${String(good)}$`));
    const captured = await runner().capture('configuration', version(good));
    await runner().execute('configuration', version(good));
    expect(await Promise.all(['a', 'b', 'c'].map(get))).toEqual(['1', '1', undefined]);
    expect(await etcd.get(`${prefix.slice(0, -1)}0`)).toBe('a neighbour');
    expect(await runner().state('configuration', version(good))).toBe('applied');
    await runner().undo('configuration', version(good), captured);
    expect(await Promise.all(['a', 'b', 'c'].map(get))).toEqual(['2', undefined, 'new']);
  });

  it('is brought back for the keys of the binding alone', async () => {
    await put('a', '1');
    const good = await put('b', '1');
    await put('a', '2');
    await put('b', '2');
    await runner({ keys: ['a'] }).execute('configuration', version(good));
    expect(await Promise.all(['a', 'b'].map(get))).toEqual(['1', '2']);
  });

  it.each([
    ['of the future', '999999', 'provider-refused', /required revision is a future revision/],
    ['that is no number', 'v1.2', 'parameter-invalid', /it is the number of a revision, or previous/],
    ['that breaks out', '1; rm -rf /', 'parameter-invalid', /is no version of etcd/],
  ])('%s is refused', async (_what, wanted, code, message) => {
    await put('a', '1');
    await expect(runner().execute('configuration', version(wanted))).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await get('a')).toBe('1');
  });
});

describe('the previous revision', () => {
  const keys = ['a', 'b'];

  it('of each key is brought back once, however often the step is run, and undo takes it back', async () => {
    await put('a', 'old');
    await put('b', 'old b');
    await put('a', 'new');
    await put('b', 'new b');
    const captured = await runner({ keys }).capture('configuration', version('previous'));
    await runner({ keys }).execute('configuration', version('previous'));
    expect(await Promise.all(keys.map(get))).toEqual(['old', 'old b']);
    // After a crash: it is seen to be there already, and not swapped back.
    expect(await runner({ keys }).state('configuration', version('previous'))).toBe('applied');
    await runner({ keys }).execute('configuration', version('previous'));
    expect(await Promise.all(keys.map(get))).toEqual(['old', 'old b']);
    await runner({ keys }).undo('configuration', version('previous'), captured);
    expect(await Promise.all(keys.map(get))).toEqual(['new', 'new b']);
    expect(await runner({ keys }).state('configuration', version('previous'))).toBe('not-applied');
  });

  it('is refused where there is none, and without keys, and nothing is changed', async () => {
    await put('a', 'old');
    await put('a', 'new');
    await put('b', 'only');
    await expect(runner({ keys }).execute('configuration', version('previous'))).rejects.toThrow(/b was made at revision \d+, so it has no previous value; name the revision/);
    await expect(runner({ keys: ['a', 'gone'] }).execute('configuration', version('previous'))).rejects.toThrow('gone is not there');
    await expect(runner().execute('configuration', version('previous'))).rejects.toThrow('needs the keys that are meant');
    expect(await get('a')).toBe('new');
  });
});

describe('another program', () => {
  it('that writes between the read and the transaction is not overwritten', async () => {
    await put('rps', '500');
    // A gateway that lets somebody else write just before the transaction goes through.
    const gateway = await startForwarding(async (path, body) => {
      if (path === '/v3/kv/txn' && (body as { compare?: unknown }).compare !== undefined) await put('rps', '600');
    });
    await expect(runner({ endpoints: [gateway.url] }).execute('configuration', wanting({ rps: 50 }))).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('was changed by another program') as string });
    expect(await get('rps')).toBe('600');
    await gateway.close();
  });
});

describe('the service', () => {
  it('is told to reload, and told again where nothing had to be written', async () => {
    const service = await startJsonService(() => ({ status: 204 }));
    const reload = { url: `${service.url}/reload/\${service}` };
    await runner({ reload }).execute('configuration', wanting({ rps: 50 }));
    await runner({ reload }).execute('configuration', wanting({ rps: 50 }));
    expect(service.requests.map(({ url }) => url)).toEqual(['/reload/shop', '/reload/shop']);
    await service.close();
  });
});

describe('reaching etcd', () => {
  it('the next endpoint is asked where one is down; where all are, it says so', async () => {
    await runner({ endpoints: ['http://127.0.0.1:1', etcd.url] }).execute('configuration', wanting({ rps: 50 }));
    expect(await get('rps')).toBe('50');
    await expect(runner({ endpoints: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] }).execute('configuration', wanting({ rps: 50 }))).rejects.toMatchObject({ code: 'provider-unreachable', message: expect.stringMatching(/127\.0\.0\.1:1.*; .*127\.0\.0\.1:2/) as string });
  });

  it('one that does not answer is given up when the time is over', async () => {
    const silent = await startJsonService(() => undefined);
    await expect(runner({ endpoints: [silent.url, etcd.url] }).execute('configuration', wanting({ rps: 50 }), AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    await silent.close();
  });

  it('a revision that was compacted is said to be', async () => {
    const good = await put('a', '1');
    const now = await put('a', '2');
    await etcd.ask('/v3/kv/compaction', { revision: String(now) });
    await expect(runner().execute('configuration', version(good))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('required revision has been compacted') as string });
    expect(await get('a')).toBe('2');
  });
});

describe('users', () => {
  let guarded: EtcdServer;
  beforeAll(async () => {
    guarded = await startEtcd();
    await guarded.ask('/v3/auth/user/add', { name: 'root', password: 'rootpw' });
    await guarded.ask('/v3/auth/user/grant', { user: 'root', role: 'root' });
    await guarded.ask('/v3/auth/role/add', { name: 'shop' });
    await guarded.ask('/v3/auth/role/grant', { name: 'shop', perm: { permType: 'READWRITE', key: Buffer.from('/config/').toString('base64'), range_end: Buffer.from('/config0').toString('base64') } });
    await guarded.ask('/v3/auth/user/add', { name: 'belay', password: 'hunter22' });
    await guarded.ask('/v3/auth/user/grant', { user: 'belay', role: 'shop' });
    await guarded.ask('/v3/auth/enable', {});
  });
  afterAll(() => guarded.stop());
  const as = (user: Record<string, string> | undefined, over: Record<string, unknown> = {}): StepRunner => runner({ endpoints: [guarded.url], user, ...over });

  it('with the right to the keys may write them', async () => {
    await as({ name: 'belay', password: 'hunter22' }).execute('configuration', wanting({ rps: 50 }));
    expect(await as({ name: 'belay', password: 'hunter22' }).state('configuration', wanting({ rps: 50 }))).toBe('applied');
  });

  it.each([
    ['with a wrong password', { name: 'belay', password: 'wrongpw' }, {}, /does not accept the user belay: etcdserver: authentication failed/],
    ['without any', undefined, {}, /user name is empty/],
    ['without the right', { name: 'belay', password: 'hunter22' }, { prefix: '/other/' }, /permission denied/],
  ])('%s are refused, and no password is shown', async (_what, user, over, message) => {
    const failure: unknown = await as(user, over).execute('configuration', wanting({ rps: 50 })).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'provider-refused', message: expect.stringMatching(message) as string });
    expect(JSON.stringify(failure) + String(failure)).not.toMatch(/hunter22|wrongpw/);
  });
});

describe('TLS', () => {
  let directory: string;
  let guarded: EtcdServer;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'belay-etcd-tls-'));
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test');
    writeFileSync(join(directory, 'ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'both.key', '-out', 'both.csr', '-subj', '/CN=belay');
    openssl('x509', '-req', '-in', 'both.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext', '-out', 'both.pem');
    guarded = await startEtcd({ cert: join(directory, 'both.pem'), key: join(directory, 'both.key'), ca: join(directory, 'ca.pem') });
  });
  afterAll(async () => {
    await guarded.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('is spoken with the certificates of the binding, and with none is refused', async () => {
    const tls = { endpoints: [guarded.url], ca: join(directory, 'ca.pem'), cert: join(directory, 'both.pem'), key: join(directory, 'both.key') };
    await runner(tls).execute('configuration', wanting({ rps: 50 }));
    expect(await runner(tls).state('configuration', wanting({ rps: 50 }))).toBe('applied');
    await expect(runner({ endpoints: [guarded.url] }).execute('configuration', wanting({ rps: 50 }))).rejects.toMatchObject({ code: 'provider-unreachable', message: expect.stringMatching(/certificate/) as string });
    await expect(runner({ ...tls, cert: undefined, key: undefined }).execute('configuration', wanting({ rps: 50 }))).rejects.toMatchObject({ code: 'provider-unreachable' });
  });
});

/** A gateway in front of etcd that does something before it hands a request on. */
async function startForwarding(before: (path: string, body: unknown) => Promise<void>): Promise<{ url: string; close(): Promise<void> }> {
  const { createServer } = await import('node:http');
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      void before(incoming.url!, JSON.parse(text)).then(async () => {
        const answer = await fetch(etcd.url + incoming.url!, { method: 'POST', body: text });
        response.writeHead(answer.status).end(await answer.text());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${String((server.address() as { port: number }).port)}`, close: () => new Promise((resolve) => void server.close(() => resolve())) };
}
