import { describe, expect, it } from 'vitest';
import { bindingProblems, stepBindingProblems } from '../../src/executor/binding-problems.js';
import { bindingsSchema } from '../../src/executor/bindings.js';
import { stepOf } from '../support/step-runner.js';

const bindings = bindingsSchema.parse({
  featureFlags: { default: { type: 'command', set: ['./flag', '${flagKey}', '${scope}'], get: ['./flag', '${flagKey}'] } },
  deployments: { frontend: { type: 'command', deploy: ['./deploy', '${version}'], current: ['./current'], env: { IN: '${environment}' } } },
  configurations: { file: { type: 'file', path: 'a.yaml' }, git: { type: 'git', repo: '.', paths: ['a'] } },
});
const messages = (type: string, parameters: Record<string, unknown>): string[] => stepBindingProblems(stepOf(type, parameters), bindings).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('bindings', () => {
  it('may refer to what their steps give only, at whatever depth', () => {
    const odd = bindingsSchema.parse({
      deployments: { web: { type: 'http', deploy: { url: 'http://x/${servcie}', body: { list: ['${version}', '${flagKey}'] } }, current: { url: 'http://x' } } },
      featureFlags: { default: { type: 'http', set: { url: 'http://x', body: '{"on": "${flagKey}"}' }, get: { url: 'http://x' } } },
      databases: { db: { type: 'command', restore: ['r', '${}'], verify: ['v', '${environment}'] } },
    });
    expect(bindingProblems(odd)).toEqual([
      { path: ['featureFlags', 'default', 'set', 'body'], message: expect.stringContaining('write the body with its keys') as string },
      { path: ['deployments', 'web', 'deploy', 'url'], message: '${servcie} is not known here: ${service}, ${version}, ${environment} are' },
      { path: ['deployments', 'web', 'deploy', 'body', 'list', 1], message: '${flagKey} is not known here: ${service}, ${version}, ${environment} are' },
      { path: ['databases', 'db', 'restore', 1], message: '${} is not known here: ${database}, ${snapshotId}, ${tables}, ${migration}, ${environment} are' },
    ]);
    expect(bindingProblems(bindings)).toEqual([]);
  });

  it('are strict: unknown keys, types and missing halves are errors', () => {
    const isValid = (featureFlag: unknown): boolean => bindingsSchema.safeParse({ featureFlags: { default: featureFlag } }).success;
    expect(isValid({ type: 'file', path: 'f' })).toBe(true);
    for (const wrong of [{ type: 'file' }, { type: 'file', path: 'f', paht: 'g' }, { type: 'fax' }, { type: 'command', set: ['x'] }, { type: 'command', set: 'x', get: ['x'] }, { type: 'command', set: [], get: ['x'] }, { type: 'sql', url: 'mysql://x' }]) {
      expect(isValid(wrong), JSON.stringify(wrong)).toBe(false);
    }
    expect(bindingsSchema.parse({})).toEqual({ featureFlags: {}, deployments: {}, configurations: {}, databases: {}, traffic: {} });
  });
});

describe('a step', () => {
  it('needs an entry of its own', () => {
    expect(messages('deployment', { service: 'fronted', version: '1', environment: 'x' })).toEqual(['parameters.service: deployments in belay.yaml has no entry "fronted"; it has frontend']);
    expect(messages('data', { database: 'db', snapshotId: '1' })).toEqual(['parameters.database: databases in belay.yaml has no entry "db"']);
    expect(messages('feature-flag', { flagKey: 'x', targetState: true, scope: 's', provider: 'constructor' })).toEqual(['parameters.provider: featureFlags in belay.yaml has no entry "constructor"; it has default']);
    expect(messages('deployment', { service: 'frontend', version: '1', environment: 'x' })).toEqual([]);
    expect(messages('deployment', { service: '${labels.service}', version: '1', environment: 'x' })).toEqual([]);
    expect(messages('wait', { duration: '1s' })).toEqual([]);
  });

  it('must give what the entry needs, and want what it can do', () => {
    expect(messages('feature-flag', { flagKey: 'x', targetState: true })).toEqual(['parameters: featureFlags "default" needs scope, which this step does not give']);
    expect(messages('configuration', { service: 'file', configVersion: 'v1' })[0]).toMatch(/^parameters\.configVersion: .*a plain file/);
    expect(messages('configuration', { service: 'git', configItems: { a: 1 } })[0]).toMatch(/^parameters\.configItems: .*no file for single items/);
    expect(messages('configuration', { service: 'git', configVersion: 'v1' })).toEqual([]);
  });
});
