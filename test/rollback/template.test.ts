import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RollbackContext, SecretReader } from '../../src/index.js';
import { fillContext, fillSecrets, templateReferences } from '../../src/rollback/template.js';

const context: RollbackContext = {
  environment: 'production',
  trigger: 'automatic',
  metadata: {
    labels: { service: 'checkout', zone: 'b' },
    rollbackPoint: { version: '1.4.2', flags: { 'new-cart': false }, replicas: 3 },
    hosts: ['a', 'b'],
    nothing: null,
  },
};

const secrets: SecretReader = { readEnv: (name) => `env-${name}`, readFile: (path) => `file-${path}` };

function fill(parameters: unknown, of: RollbackContext = context): unknown {
  const { parameters: stored, problems } = fillContext(parameters, of);
  expect(problems).toEqual([]);
  return fillSecrets(stored, secrets, () => undefined);
}

function problemsOf(parameters: unknown): readonly string[] {
  return fillContext(parameters, context).problems.map(({ message }) => message);
}

describe('filling templates', () => {
  it('fills through objects and arrays, several in a text', () => {
    const parameters = { a: [{ b: '${context.environment}/${labels.service}-${labels.zone}!' }], untouched: { n: 1, yes: true, no: null } };
    expect(fill(parameters)).toEqual({ a: [{ b: 'production/checkout-b!' }], untouched: { n: 1, yes: true, no: null } });
  });

  it('keeps the type where the text is one whole reference, and writes JSON inside a longer one', () => {
    expect(
      fill({
        replicas: '${rollbackPoint.replicas}',
        off: '${rollbackPoint.flags.new-cart}',
        flags: '${rollbackPoint.flags}',
        hosts: '${context.metadata.hosts}',
        second: '${context.metadata.hosts.1}',
        nothing: '${context.metadata.nothing}',
        text: 'replicas=${rollbackPoint.replicas} flags=${rollbackPoint.flags} nothing=${context.metadata.nothing}',
      }),
    ).toEqual({
      replicas: 3,
      off: false,
      flags: { 'new-cart': false },
      hosts: ['a', 'b'],
      second: 'b',
      nothing: null,
      text: 'replicas=3 flags={"new-cart":false} nothing=null',
    });
  });

  it('makes a value one part of a URL where the text is one', () => {
    const of = (zone: string): ReturnType<typeof fillContext<{ url: string; body: string }>> =>
      fillContext({ url: 'http://h/zones/${labels.zone}?z=${labels.zone}', body: '${labels.zone}' }, { ...context, metadata: { labels: { zone } } }, (path) => path === 'parameters.url');
    expect(of('../admin?all=1&x=#${env:TOKEN}').parameters).toEqual({
      url: 'http://h/zones/..%2Fadmin%3Fall%3D1%26x%3D%23%24%7Benv%3ATOKEN%7D?z=..%2Fadmin%3Fall%3D1%26x%3D%23%24%7Benv%3ATOKEN%7D',
      body: '../admin?all=1&x=#$${env:TOKEN}',
    });
    for (const zone of ['.', '..', '\ud800']) expect(of(zone).problems.map(({ message }) => message)).toEqual(Array(2).fill(expect.stringContaining('cannot be a part of a URL')));
  });

  it('takes an absent triggeredBy as empty, alone and in a longer text', () => {
    expect(fill({ who: '${context.triggeredBy}', line: 'by ${context.triggeredBy}.' })).toEqual({ who: '', line: 'by .' });
    expect(fill('${context.triggeredBy}', { ...context, triggeredBy: 'ana' })).toBe('ana');
  });

  it('leaves secrets as references until the attempt, then fills them and names every value', () => {
    const { parameters } = fillContext({ url: 'https://${context.environment}/?k=${env:KEY}', password: '${file:/run/pw}' }, context);
    expect(parameters).toEqual({ url: 'https://production/?k=${env:KEY}', password: '${file:/run/pw}' });
    const seen: string[] = [];
    expect(fillSecrets(parameters, secrets, (value) => seen.push(value))).toEqual({ url: 'https://production/?k=env-KEY', password: 'file-/run/pw' });
    expect(seen).toEqual(['env-KEY', 'file-/run/pw']);
  });

  it('lets $${ stand for the text ${', () => {
    expect(fill({ script: 'echo $${HOME} $5 in ${context.environment}' })).toEqual({ script: 'echo ${HOME} $5 in production' });
  });

  it('inserts whatever a value holds as text, once, beside secrets too', () => {
    const hostile = fc.oneof(
      fc.string({ unit: fc.constantFrom('$', '{', '}', 'env:KEY', 'labels.x', '"') }),
      fc.constantFrom('${env:KEY}', '$${env:KEY}', '${labels.y}', '$', '${file:/etc/passwd}', '"; rm -rf /'),
    );
    fc.assert(
      fc.property(hostile, hostile, (x, y) => {
        const of = { ...context, metadata: { labels: { x, y } } };
        expect(fill({ whole: '${labels.x}', deep: '${labels}', mixed: '${labels.x}{env:KEY}${labels.y}${env:KEY}${labels.x}' }, of)).toEqual({
          whole: x,
          deep: { x, y },
          mixed: `${x}{env:KEY}${y}env-KEY${x}`,
        });
      }),
    );
  });

  it('says where a reference without a value stands and what there is instead', () => {
    expect(problemsOf({ details: { list: ['fine', '${labels.servce}'] } })).toEqual([
      'parameters.details.list[1]: ${labels.servce} cannot be resolved (available: labels.service, labels.zone)',
    ]);
    expect(problemsOf({ a: '${context.enviroment}', b: '${flagKey}', c: 'x ${env:} ${open', d: '${context}' })).toEqual([
      expect.stringContaining('context.environment, context.trigger, context.triggeredBy'),
      expect.stringMatching(/parameters\.b: \$\{flagKey\} begins with nothing known .*\$\$\{/),
      expect.stringContaining('has no closing brace'),
      'parameters.d: ${context} lacks a name',
    ]);
    expect(fillContext('${rollbackPoint}', { ...context, metadata: { labels: {} } }).problems).toHaveLength(1);
    expect(fillContext('${rollbackPoint.version}', { ...context, metadata: { target: 'shop', rollbackPoint: {} } }).problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining('nothing of shop is known to be good yet; say what is: belay mark good --target shop --version VERSION') as string }),
    ]);
    expect(problemsOf('${rollbackPoint.version.major}')).toEqual([expect.stringContaining('nothing under rollbackPoint.version')]);
  });

  it.each(['labels.__proto__', 'labels.constructor', 'labels.toString', 'context.metadata.hosts.length', 'context.metadata.__proto__.polluted', 'labels.service.length'])(
    'never reaches %s',
    (name) => {
      expect(problemsOf(`\${${name}}`)).toHaveLength(1);
    },
  );

  it('never reaches a label that is really called __proto__ or constructor', () => {
    const labels = JSON.parse('{"__proto__": {"polluted": "yes"}, "constructor": "mine"}') as Record<string, unknown>;
    const { problems } = fillContext(['${labels.constructor}', '${labels.__proto__.polluted}'], { ...context, metadata: { labels } });
    expect(problems).toHaveLength(2);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('templateReferences', () => {
  it('finds every reference with its place, and what is wrong whatever the context holds', () => {
    const found = templateReferences({ a: 'v${rollbackPoint.version} ${env:TOKEN}', b: [{ c: '${contxt.environment}' }], d: '${labels.__proto__}', e: '${oh', f: '$${not.one}' });
    expect(found).toEqual([
      { path: 'parameters.a', reference: 'rollbackPoint.version', root: 'rollbackPoint' },
      { path: 'parameters.a', reference: 'env:TOKEN', root: 'env' },
      { path: 'parameters.b[0].c', reference: 'contxt.environment', root: undefined, problem: expect.stringContaining('begins with nothing known') as string },
      { path: 'parameters.d', reference: 'labels.__proto__', root: 'labels', problem: 'is not reachable' },
      { path: 'parameters.e', reference: '${oh', root: undefined, problem: expect.stringContaining('closing brace') as string },
    ]);
  });
});
