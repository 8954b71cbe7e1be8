import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { impossibleValues } from '../../support/hostile-values.js';
import { startJsonService, type JsonService } from '../../support/json-service.js';
import { StepRunner } from '../../support/step-runner.js';

let directory: string;
const services: JsonService[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-traffic-'));
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
  rmSync(directory, { recursive: true, force: true });
});

const file = (name: string): string => join(directory, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const runner = (binding: Record<string, unknown>): StepRunner => new StepRunner({ directory, bindings: { traffic: { api: binding } } });
const wanting = (wish: Record<string, unknown>): Record<string, unknown> => ({ service: 'api', ...wish });
const script = (name: string, text: string): string[] => {
  writeFileSync(file(name), text);
  return ['/bin/sh', `./${name}`];
};

describe('maintenance by a file', () => {
  it('is a flag that is there or not', async () => {
    const flag = runner({ type: 'file', path: 'maintenance.flag' });
    const captured = await flag.capture('traffic', wanting({ maintenance: true }));
    expect((await flag.describe('traffic', wanting({ maintenance: true }))).summary).toBe('traffic of api at / (maintenance.flag): open → blocked');
    await flag.execute('traffic', wanting({ maintenance: 'on' }));
    expect(existsSync(file('maintenance.flag'))).toBe(true);
    await flag.undo('traffic', wanting({ maintenance: true }), captured);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is a list of paths, in which those of others stay', async () => {
    writeFileSync(file('blocked.json'), '["/others", "/api/v2"]');
    const json = runner({ type: 'file', path: 'blocked.json', format: 'json', endpoints: ['/api/v1/', '/api/v2'], reload: script('reload.sh', 'echo x >> reloads\n') });
    const wish = wanting({ maintenance: true });
    const captured = await json.capture('traffic', wish);
    expect((await json.describe('traffic', wish)).before).toBe('blocked at /api/v2 only');
    await json.execute('traffic', wish);
    expect(JSON.parse(read('blocked.json'))).toEqual(['/others', '/api/v1', '/api/v2']);
    await json.undo('traffic', wish, captured);
    expect(JSON.parse(read('blocked.json'))).toEqual(['/others', '/api/v2']);
    expect(read('reloads')).toBe('x\nx\n');
    // Somebody has opened it meanwhile.
    await json.execute('traffic', wish);
    writeFileSync(file('blocked.json'), '[]');
    await expect(json.undo('traffic', wish, captured)).rejects.toMatchObject({ code: 'state-drifted' });
  });

  it('is a path per line', async () => {
    const lines = runner({ type: 'file', path: 'blocked.lst', format: 'lines', endpoints: ['/api/v1', '/admin'] });
    await lines.execute('traffic', wanting({ maintenance: true, endpoints: ['/admin'] }));
    expect(read('blocked.lst')).toBe('/admin\n');
    await lines.execute('traffic', wanting({ maintenance: false }));
    expect(read('blocked.lst')).toBe('');
  });

  it('is left as it is where it holds something else, or is no file', async () => {
    for (const text of ['{', '{"a": 1}', '[1]']) {
      writeFileSync(file('blocked.json'), text);
      await expect(runner({ type: 'file', path: 'blocked.json', format: 'json' }).execute('traffic', wanting({ maintenance: true }))).rejects.toMatchObject({ code: 'provider-refused' });
      expect(read('blocked.json')).toBe(text);
    }
    mkdirSync(file('folder'));
    await expect(runner({ type: 'file', path: 'folder' }).execute('traffic', wanting({ maintenance: true }))).rejects.toThrow();
    await expect(runner({ type: 'file', path: 'nowhere/flag' }).execute('traffic', wanting({ maintenance: true }))).rejects.toThrow(/ENOENT/);
  });

  it('counts when clients see it', async () => {
    const shop = await startJsonService(({ url }) => ({ status: existsSync(file('flag')) && url === '/api/tasks' ? 503 : 200 }));
    services.push(shop);
    const seen = runner({ type: 'file', path: 'flag', probe: { url: `${shop.url}/api/tasks`, blocked: 503, open: 200 } });
    // The path of the endpoint, /, is added to the address of the probe.
    await expect(seen.execute('traffic', wanting({ maintenance: true }), AbortSignal.timeout(3_000))).rejects.toThrow(/clients see otherwise: GET .*\/api\/tasks\/ answered 200/);
    await seen.execute('traffic', wanting({ maintenance: false }));
  });
});

describe('behind commands', () => {
  const set = ['./set.sh', '${service}'];
  const binding = (name: string): Record<string, unknown> => {
    script('set.sh', `printf '%s' "$2" > state; printf '%s\\n' "$@" >> calls`);
    return { type: 'command', set: ['/bin/sh', ...set, `\${${name}}`], get: ['cat', 'state'] };
  };

  it.each([
    ['maintenance', true, 'off', 'on', 'true'],
    ['replicas', 0, '3', '0', '0'],
    ['replicas', '2', '0', '2', '2'],
    ['worker', 'stopped', 'running', 'stopped', 'stopped'],
  ])('%s becomes %s, and what it was again', async (wish, wanted, before, word, written) => {
    writeFileSync(file('state'), `${before}\n`);
    const commands = runner(binding(wish));
    const captured = await commands.capture('traffic', wanting({ [wish]: wanted }));
    expect((await commands.describe('traffic', wanting({ [wish]: wanted }))).summary).toBe(`${wish} of api: ${before} → ${word}`);
    await commands.execute('traffic', wanting({ [wish]: wanted }));
    expect(read('state')).toBe(written);
    await commands.undo('traffic', wanting({ [wish]: wanted }), captured);
    expect(['off', 'false']).toContain(wish === 'maintenance' ? read('state') : 'off');
    if (wish !== 'maintenance') expect(read('state')).toBe(before);
  });

  it('what get prints must say something', async () => {
    writeFileSync(file('state'), 'perhaps');
    expect((await runner(binding('worker')).describe('traffic', wanting({ worker: 'stopped' }))).summary).toContain('"perhaps", which says nothing about worker');
  });
});

describe('behind an HTTP API', () => {
  it('one request sets it, another reads it', async () => {
    let status = { maintenance: false, endpoints: [] as unknown };
    const service = await startJsonService(({ method, body }) => {
      if (method === 'PUT') status = JSON.parse(body) as typeof status;
      return { status: 200, body: status };
    });
    services.push(service);
    const http = runner({ type: 'http', set: { method: 'PUT', url: `${service.url}/gate`, body: { maintenance: '${maintenance}', endpoints: '${endpoints}' } }, get: { url: `${service.url}/gate`, jsonPointer: '/maintenance' } });
    const wish = wanting({ maintenance: true, endpoints: ['/api/v1'] });
    const captured = await http.capture('traffic', wish);
    await http.execute('traffic', wish);
    expect(status).toEqual({ maintenance: true, endpoints: ['/api/v1'] });
    await http.undo('traffic', wish, captured);
    expect(status.maintenance).toBe(false);
  });
});

// systemctl's documented `show` output; there is no systemd in a test.
describe('a unit of systemd', () => {
  const systemctl = (): string[] =>
    script(
      'systemctl.sh',
      `echo "$@" >> calls\ncase "$1" in\n  show) [ "$4" = sync.service ] || { echo LoadState=not-found; echo ActiveState=inactive; exit 0; }\n    case "$(cat state)" in active) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nMainPID=7\\n';; stopping) printf 'LoadState=loaded\\nActiveState=deactivating\\nSubState=stop-sigterm\\nMainPID=7\\n'; echo inactive > state;; *) printf 'LoadState=loaded\\nActiveState=inactive\\nSubState=dead\\nMainPID=0\\n';; esac;;\n  stop) echo stopping > state;;\n  start) echo active > state;;\nesac\n`,
    );

  it('is stopped, seen to be so, and started again', async () => {
    writeFileSync(file('state'), 'active');
    const worker = runner({ type: 'systemd', unit: 'sync.service', systemctl: systemctl() });
    const captured = await worker.capture('traffic', wanting({ worker: 'stopped' }));
    expect((await worker.describe('traffic', wanting({ worker: 'stopped' }))).summary).toBe('worker api (unit sync.service): running → stopped');
    await worker.execute('traffic', wanting({ worker: 'stopped' }));
    expect(read('calls')).toContain('stop -- sync.service\n');
    expect(await worker.state('traffic', wanting({ worker: 'stopped' }))).toBe('applied');
    await worker.undo('traffic', wanting({ worker: 'stopped' }), captured);
    expect(await worker.state('traffic', wanting({ worker: 'running' }))).toBe('applied');
  });

  it('that does not exist is not taken for a stopped one', async () => {
    await expect(runner({ type: 'systemd', unit: 'other.service', systemctl: systemctl() }).execute('traffic', wanting({ worker: 'stopped' }), AbortSignal.timeout(8_000))).rejects.toThrow(/has no unit other\.service/);
  });
});

// `docker compose ps --format json` of v2: a list before 2.21, a line per container since; there is no Docker in a test.
describe('a service of Docker Compose', () => {
  it.each(['list', 'lines'])('is scaled, and its containers counted (%s)', async (form) => {
    const compose = script(
      'compose.sh',
      `echo "$@" >> calls\ncase "$*" in\n  *" ps "*) n=$(cat count); i=0; out=''\n    while [ $i -lt $n ]; do out="$out\${out:+SEP}{\\"Name\\":\\"api-$i\\",\\"State\\":\\"running\\"}"; i=$((i + 1)); done\n    out="$out\${out:+SEP}{\\"Name\\":\\"api-old\\",\\"State\\":\\"exited\\"}"\n    if [ ${form} = list ]; then echo "[$out]" | sed 's/SEP/,/g'; else echo "$out" | sed 's/SEP/\\n/g'; fi;;\n  *" up "*) for word in "$@"; do case "$word" in api=*) echo "\${word#api=}" > count;; esac; done;;\nesac\n`,
    );
    writeFileSync(file('count'), '3');
    const scaled = runner({ type: 'compose', composeService: 'api', file: 'docker-compose.yml', project: 'shop', compose });
    const captured = await scaled.capture('traffic', wanting({ replicas: 0 }));
    expect(captured).toBe(3);
    await scaled.execute('traffic', wanting({ replicas: 0 }));
    expect(read('count')).toBe('0\n');
    expect(read('calls')).toContain(`--file ${file('docker-compose.yml')} --project-name shop up --detach --no-deps --no-recreate --scale api=0 api\n`);
    await scaled.undo('traffic', wanting({ replicas: 0 }), captured);
    expect(read('count')).toBe('3\n');
  });
});

describe('a step', () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{}, /needs one of maintenance, replicas, worker, incident/],
    [{ maintenance: true, replicas: 0 }, /needs one of/],
    [{ replicas: 0, endpoints: ['/a'] }, /needs maintenance beside it/],
    [{ replicas: -1 }, /replicas/],
    [{ replicas: '1e9' }, /must be a whole number/],
    [{ worker: 'paused' }, /worker/],
    [{ maintenance: true, endpoints: [] }, /endpoints/],
    [{ maintenance: true, endpionts: ['/'] }, /endpionts/],
  ])('with %j is refused', async (wish, message) => {
    await expect(runner({ type: 'file', path: 'flag' }).execute('traffic', wanting(wish))).rejects.toMatchObject({ code: expect.stringMatching(/^parameter-/) as string, message: expect.stringMatching(message) as string });
  });

  it.each(impossibleValues)('cannot name %s', async (_what, value) => {
    await expect(runner({ type: 'file', path: 'flag' }).execute('traffic', { service: value, maintenance: true })).rejects.toMatchObject({ code: 'parameter-invalid' });
  });

  it.each([
    { type: 'systemd', unit: '--all' },
    { type: 'systemd', unit: 'a b' },
    { type: 'systemd', unit: '*.service' },
    { type: 'compose', composeService: '--all' },
    { type: 'compose', composeService: 'a', project: '../x' },
    { type: 'statuspage', page: '../x', token: 't' },
    { type: 'file', path: 'x\0' },
    { type: 'file', path: 'x', endpoints: ['/a'] },
    { type: 'nginx', include: 'x', test: 'nginx -t' },
  ])('has no binding such as %j', (binding) => {
    expect(() => runner(binding)).toThrow();
  });
});
