import fc from 'fast-check';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getFromEnv, setInEnv } from '../../../src/executor/text/env-text.js';
import { setInJson } from '../../../src/executor/text/json-text.js';
import { parseYaml, plainAt, setInYaml } from '../../../src/executor/text/yaml-text.js';
import { StepRunner } from '../../support/step-runner.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-items-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const runner = (path: string, binding: Record<string, unknown> = {}): StepRunner => new StepRunner({ directory, bindings: { configurations: { api: { type: 'file', path, ...binding } } } });
const wanting = (configItems: Record<string, unknown>): Record<string, unknown> => ({ service: 'api', configItems });
const file = (name: string): string => join(directory, name);

describe('a YAML file', () => {
  const text = `# the api
server: # where it listens
  port: 8080
  hosts: [a, b]   # two of them

"odd.name": 1
defaults: &defaults
  retries: 3
other: *defaults
`;

  it('keeps every other character where simple values change, and the mode', async () => {
    writeFileSync(file('api.yaml'), text);
    chmodSync(file('api.yaml'), 0o600);
    const wanted = wanting({ 'server.port': 9090, 'odd.name': 'text', 'server.hosts.1': 'c, d' });
    expect((await runner('api.yaml').describe('configuration', wanted)).before).toEqual({ 'server.port': 8080, 'odd.name': 1, 'server.hosts.1': 'b' });
    await runner('api.yaml').execute('configuration', wanted);
    expect(readFileSync(file('api.yaml'), 'utf8')).toBe(text.replace('8080', '9090').replace('": 1', '": text').replace('a, b]', 'a, "c, d"]'));
    expect(await runner('api.yaml').state('configuration', wanted)).toBe('applied');
    expect(statSync(file('api.yaml')).mode & 0o777).toBe(0o600);
  });

  it('keeps comments and order where items are added, at any depth', async () => {
    writeFileSync(file('api.yaml'), '# the api\nport: 1 # one\n\nserver:\n  port: 8080 # two\n');
    const wanted = wanting({ 'server.new.enabled': false, list: [1, { two: null }], port: { deep: 'yes' } });
    await runner('api.yaml').execute('configuration', wanted);
    expect(readFileSync(file('api.yaml'), 'utf8')).toBe('# the api\nport:\n  deep: yes\n\nserver:\n  port: 8080 # two\n  new:\n    enabled: false\nlist:\n  - 1\n  - two: null\n');
    expect(await runner('api.yaml').state('configuration', wanted)).toBe('applied');
  });

  it('means what was set, whatever the text', () => {
    const start = 'a: [x, "y", \'z\']\nb: {c: plain}\ne: &anchor one # note\nf: *anchor\ng:\n';
    const places = fc.constantFrom(['a', '0'], ['a', '1'], ['a', '2'], ['b', 'c'], ['e'], ['g'], ['new', 'deep']);
    const value = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('a: b', '# x', '- y', '[', '}', '*anchor', '&x', 'true', '1.0', 'null', 'two\nlines', ' blank '), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(places, value, (path, wanted) => {
        // Its anchor would be lost with it, and the alias left without a meaning.
        if (path[0] === 'e' && typeof wanted === 'object' && wanted !== null) expect(() => setInYaml(start, path, wanted, 'file')).toThrow('cannot be set');
        else expect(JSON.stringify(plainAt(parseYaml(setInYaml(start, path, wanted, 'file'), 'file'), path))).toBe(JSON.stringify(wanted));
      }),
      { numRuns: 500 },
    );
  });

  it('is not written where all items are there, whatever its formatting', async () => {
    writeFileSync(file('api.yaml'), 'a:   1\n');
    await runner('api.yaml').execute('configuration', wanting({ a: 1 }));
    expect(readFileSync(file('api.yaml'), 'utf8')).toBe('a:   1\n');
  });

  it('is left alone when an item cannot be set in it', async () => {
    writeFileSync(file('api.yaml'), text);
    await expect(runner('api.yaml').execute('configuration', wanting({ 'odd.name': 2, 'server.port.deep': 1 }))).rejects.toMatchObject({ code: 'provider-refused' });
    await expect(runner('api.yaml').execute('configuration', wanting({ 'other.retries': 1 }))).rejects.toThrow('is an alias');
    expect(readFileSync(file('api.yaml'), 'utf8')).toBe(text);
    writeFileSync(file('api.yaml'), 'a: [1\n');
    await expect(runner('api.yaml').execute('configuration', wanting({ a: 1 }))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/^api\.yaml: /) as string });
    writeFileSync(file('api.yaml'), 'a: 1\n---\na: 2\n');
    await expect(runner('api.yaml').execute('configuration', wanting({ a: 1 }))).rejects.toMatchObject({ code: 'provider-refused' });
  });
});

describe('a JSON file', () => {
  it('keeps everything but the items as it is', async () => {
    writeFileSync(file('api.json'), '{\r\n    "server": {"port": 8080,   "tls": null},\r\n    "b": 1.50\r\n}');
    await runner('api.json').execute('configuration', wanting({ 'server.port': 9090, 'server.tls.on': true, '__proto__.polluted': 1, new: ['x'] })).catch((error: unknown) => error);
    // `tls` is null, which is no object: the whole step is refused and nothing is written.
    expect(readFileSync(file('api.json'), 'utf8')).toContain('"port": 8080');
    await runner('api.json').execute('configuration', wanting({ 'server.port': 9090, '__proto__.polluted': 1, new: ['x'] }));
    expect(readFileSync(file('api.json'), 'utf8')).toBe('{\r\n    "server": {"port": 9090,   "tls": null},\r\n    "b": 1.50,\r\n    "__proto__": {"polluted":1},\r\n    "new": ["x"]\r\n}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('holds exactly what was set, whatever it held before', () => {
    const key = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue(), { noNullPrototype: true }), fc.array(key, { minLength: 1, maxLength: 3 }), fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'), (object, path, value, indent) => {
        const before = JSON.stringify(object, null, indent);
        let after: string;
        try {
          after = setInJson(before, path, value, 'file');
        } catch (error) {
          expect(error).toMatchObject({ code: 'provider-refused', message: expect.stringContaining('is not an object') as string });
          return;
        }
        const parsed = JSON.parse(after) as unknown;
        const found = path.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], parsed);
        expect(JSON.stringify(found)).toBe(JSON.stringify(value));
        for (const name of Object.keys(object)) if (name !== path[0]) expect((parsed as Record<string, unknown>)[name]).toEqual(JSON.parse(JSON.stringify(object[name])));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a .env file', () => {
  it('keeps other lines, comments and quotation marks', async () => {
    writeFileSync(file('.env'), "# settings\nexport PORT=8080 # the port\nNAME='old name'\nPORT_2=1\nEMPTY=\n");
    await runner('.env').execute('configuration', wanting({ PORT: 9090, NAME: "it's new; $(x)", DEBUG: false, EMPTY: 'full' }));
    expect(readFileSync(file('.env'), 'utf8')).toBe('# settings\nexport PORT=9090 # the port\nNAME="it\'s new; \\$(x)"\nPORT_2=1\nEMPTY=full\nDEBUG=false\n');
    expect(await runner('.env').state('configuration', wanting({ PORT: 9090, DEBUG: false }))).toBe('applied');
  });

  it('gives back what was set, and changes no other value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\r\n\0]{0,30}$/), (value) => {
        const after = setInEnv("A=1\nNAME='x' # note\nB=2\n", 'NAME', value, '.env');
        expect(getFromEnv(after, 'NAME')).toBe(value);
        expect([getFromEnv(after, 'A'), getFromEnv(after, 'B')]).toEqual(['1', '2']);
        expect(after).toMatch(/ # note\nB=2\n$/);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what it cannot hold', async () => {
    writeFileSync(file('.env'), 'A=1\n');
    for (const items of [{ A: 'two\nlines' }, { 'A; rm -rf /': '1' }, { A: { deep: 1 } }]) await expect(runner('.env').execute('configuration', wanting(items))).rejects.toMatchObject({ code: 'parameter-invalid' });
    expect(readFileSync(file('.env'), 'utf8')).toBe('A=1\n');
  });
});

describe('any file', () => {
  it('knows no versions, and its format must be known', async () => {
    writeFileSync(file('api.conf'), 'a: 1\n');
    await expect(runner('api.conf').execute('configuration', wanting({ a: 2 }))).rejects.toThrow('say format');
    await runner('api.conf', { format: 'yaml' }).execute('configuration', wanting({ a: 2 }));
    await expect(runner('api.conf', { format: 'yaml' }).execute('configuration', { service: 'api', configVersion: 'v1' })).rejects.toThrow('takes configItems');
  });

  it('is reloaded after it has changed', async () => {
    writeFileSync(file('api.yaml'), 'a: 1\n');
    await runner('api.yaml', { reload: ['cp', 'api.yaml', '${service}-loaded'] }).execute('configuration', wanting({ a: 2 }));
    expect(readFileSync(file('api-loaded'), 'utf8')).toBe('a: 2\n');
  });
});

describe('commands', () => {
  const binding = { type: 'command', apply: ['sh', '-c', 'printf %s "$1" > state', 'sh', '${configItems}'], current: ['cat', 'state'] };

  it('compare the wanted items with those that are printed', async () => {
    writeFileSync(file('state'), '{"a":1,"b":2}');
    const commands = new StepRunner({ directory, bindings: { configurations: { api: binding } } });
    expect(await commands.state('configuration', wanting({ a: 1 }))).toBe('applied');
    await commands.execute('configuration', wanting({ a: 2 }));
    expect(readFileSync(file('state'), 'utf8')).toBe('{"a":2}');
    writeFileSync(file('state'), 'none');
    expect(await commands.state('configuration', wanting({ a: 1 }))).toBe('unknown');
  });

  it('compare the wanted version with the one that is printed', async () => {
    writeFileSync(file('state'), 'v1\n');
    const commands = new StepRunner({ directory, bindings: { configurations: { api: { ...binding, apply: ['sh', '-c', 'echo "$0" > state', '${configVersion}'] } } } });
    expect(await commands.describe('configuration', { service: 'api', configVersion: '$(id)' })).toMatchObject({ before: 'v1', after: '$(id)' });
    await commands.execute('configuration', { service: 'api', configVersion: '$(id)' });
    expect(readFileSync(file('state'), 'utf8')).toBe('$(id)\n');
  });
});

describe('undo', () => {
  it.each([
    ['api.yaml', '# the api\nserver:\n  port: 8080 # one\n\nlimits:\n  rps: 5\n'],
    ['api.json', '{\n  "server": { "port": 8080,  "x": 1 },\n  "limits": {\n    "rps": 5\n  }\n}\n'],
  ])('puts %s back letter by letter, and takes out what was not there, with the objects made for it', async (name, text) => {
    writeFileSync(file(name), text);
    const wanted = wanting({ 'server.port': 9090, 'limits.burst': 7, 'new.deep.enabled': true, ...(name === 'api.json' ? { 'server.x': 2 } : {}) });
    const captured = await runner(name).capture('configuration', wanted);
    await runner(name).execute('configuration', wanted);
    expect(await runner(name).state('configuration', wanted)).toBe('applied');
    await runner(name).undo('configuration', wanted, captured);
    expect(readFileSync(file(name), 'utf8')).toBe(text);
  });

  it('puts a .env file back', async () => {
    writeFileSync(file('.env'), '# shop\nURL="http://a b" # why\nRPS=5\n');
    const wanted = wanting({ URL: 'http://c', RPS: 9, NEW: 'x' });
    const captured = await runner('.env').capture('configuration', wanted);
    await runner('.env').execute('configuration', wanted);
    await runner('.env').undo('configuration', wanted, captured);
    expect(getFromEnv(readFileSync(file('.env'), 'utf8'), 'URL')).toBe('http://a b');
    expect(readFileSync(file('.env'), 'utf8')).toBe("# shop\nURL='http://a b' # why\nRPS=5\n");
  });

  it('keeps what others have changed beside it, and refuses where they have changed the same', async () => {
    writeFileSync(file('api.yaml'), 'a: 1\nb: 2\n');
    const wanted = wanting({ a: 5 });
    const captured = await runner('api.yaml').capture('configuration', wanted);
    await runner('api.yaml').execute('configuration', wanted);
    writeFileSync(file('api.yaml'), 'a: 5\nb: 3\n');
    await runner('api.yaml').undo('configuration', wanted, captured);
    expect(readFileSync(file('api.yaml'), 'utf8')).toBe('a: 1\nb: 3\n');
    writeFileSync(file('api.yaml'), 'a: 6\nb: 3\n');
    await expect(runner('api.yaml').undo('configuration', wanted, captured)).rejects.toMatchObject({ code: 'state-drifted' });
    await runner('api.yaml').execute('configuration', wanted);
    await expect(runner('api.yaml').undo('configuration', wanted, { a: 1 })).rejects.toMatchObject({ code: 'undo-impossible' });
  });

  it('means what was there, whatever was set', async () => {
    const start = { a: { b: 1, c: [1, { d: 2 }] }, e: null, f: {} };
    const names = fc.constantFrom('a', 'a.b', 'a.c', 'a.c.1.d', 'a.new', 'e', 'f', 'f.x.y', 'n', 'n2.x.y.z', 'a.new2.x');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('json', 'yaml'), names, fc.jsonValue({ maxDepth: 2 }), async (format, name, value) => {
        const text = format === 'json' ? JSON.stringify(start, null, 2) : 'a:\n  b: 1 # one\n  c:\n    - 1\n    - d: 2\ne: null\nf: {}\n';
        writeFileSync(file(`x.${format}`), text);
        const wanted = wanting({ [name]: value });
        const captured = await runner(`x.${format}`).capture('configuration', wanted);
        await runner(`x.${format}`).execute('configuration', wanted);
        await runner(`x.${format}`).undo('configuration', wanted, captured);
        expect(parseYaml(readFileSync(file(`x.${format}`), 'utf8'), 'x').toJS()).toEqual(start);
      }),
      { numRuns: 150 },
    );
  });
});
