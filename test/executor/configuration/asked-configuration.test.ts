import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJsonService, type JsonService } from '../../support/json-service.js';
import { StepRunner } from '../../support/step-runner.js';

const v2 = { service: 'gateway', configVersion: 'v2' };
const items = { service: 'gateway', configItems: { rps: 5, 'a/b': 'x' } };

describe('an HTTP API', () => {
  let service: JsonService;
  let kept: { version: string; items: Record<string, unknown> };
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({
      bindings: {
        configurations: {
          gateway: {
            type: 'http',
            apply: { method: 'PUT', url: `${service.url}/config/\${service}`, headers: { authorization: 'Bearer s3cret' }, body: { version: '${configVersion}' } },
            current: { url: `${service.url}/config/\${service}`, jsonPointer: '/version' },
            reload: { url: `${service.url}/reload` },
            ...binding,
          },
        },
      },
    });
  const itemRunner = (): StepRunner =>
    runner({ apply: { method: 'PATCH', url: `${service.url}/config/\${service}`, body: '${configItems}' }, current: { url: `${service.url}/config/\${service}`, jsonPointer: '/items' } });

  beforeEach(async () => {
    kept = { version: 'v3', items: { rps: 500, 'a/b': 'y', other: true } };
    service = await startJsonService(({ method, url, body }) => {
      if (method === 'GET') return { status: 200, body: kept };
      if (method === 'PUT') kept = { ...kept, ...(JSON.parse(body) as object) };
      if (method === 'PATCH') kept.items = { ...kept.items, ...(JSON.parse(body) as object) };
      return { status: url === '/reload' ? 202 : 204 };
    });
  });
  afterEach(() => service.close());
  const calls = (): string[] => service.requests.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`);

  it('is told the version, then to reload, is read back, and told the old one by undo', async () => {
    expect((await runner().describe('configuration', v2)).summary).toBe('configuration of gateway: v3 → v2, then reload');
    const captured = await runner().capture('configuration', v2);
    await runner().execute('configuration', v2);
    expect(kept.version).toBe('v2');
    await runner().undo('configuration', v2, captured);
    expect(kept.version).toBe('v3');
    expect(calls()).toEqual(['PUT /config/gateway', 'POST /reload', 'PUT /config/gateway', 'POST /reload']);
  });

  it('is told items, and the old ones by undo, unless they were not there', async () => {
    const captured = await itemRunner().capture('configuration', items);
    expect(captured).toEqual({ configItems: { rps: 500, 'a/b': 'y' } });
    await itemRunner().execute('configuration', items);
    expect(kept.items).toEqual({ rps: 5, 'a/b': 'x', other: true });
    await itemRunner().undo('configuration', items, captured);
    expect(kept.items).toEqual({ rps: 500, 'a/b': 'y', other: true });
    await itemRunner().execute('configuration', items);
    await expect(itemRunner().undo('configuration', items, { configItems: { rps: 500 } })).rejects.toMatchObject({ code: 'undo-impossible', message: expect.stringContaining('a/b was not there before') as string });
  });

  it('fails when the reload is refused, when nothing changes, and when the answer is no version', async () => {
    const refusing = await startJsonService(() => ({ status: 409, body: { error: 'not now' } }));
    await expect(runner({ reload: { url: refusing.url } }).execute('configuration', v2)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('answered 409') as string });
    await refusing.close();
    await expect(runner({ apply: { url: `${service.url}/nothing` } }).execute('configuration', { ...v2, configVersion: 'v9' })).rejects.toMatchObject({ code: 'state-not-as-wanted' });
    expect(await runner({ current: { url: service.url, jsonPointer: '/items' } }).state('configuration', v2)).toBe('unknown');
  });

  it('gives up when the time is over', async () => {
    const silent = await startJsonService(() => undefined);
    await expect(runner({ current: { url: silent.url } }).execute('configuration', v2, AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    await silent.close();
  });
});

describe('commands', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'belay-config-'));
    writeFileSync(join(directory, 'version'), 'v3\n');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const runner = (): StepRunner =>
    new StepRunner({
      directory,
      bindings: { configurations: { gateway: { type: 'command', apply: ['sh', '-c', 'printf %s "$1" > version', 'sh', '${configVersion}'], current: ['cat', 'version'], reload: ['sh', '-c', 'cat version >> reloads; echo >> reloads'] } } },
    });

  it('change the version, reload, and put the old one back', async () => {
    const captured = await runner().capture('configuration', v2);
    await runner().execute('configuration', v2);
    await runner().undo('configuration', v2, captured);
    expect(readFileSync(join(directory, 'reloads'), 'utf8')).toBe('v2\nv3\n');
    await expect(runner().undo('configuration', { ...v2, configVersion: 'v7' }, { configVersion: 'v1' })).rejects.toMatchObject({ code: 'state-drifted' });
  });
});
