import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { Redactor } from '../../src/secret/redactor.js';
import { configFolder, goodFiles } from '../support/config-folder.js';

/** Every place of a belay.yaml where a secret may be wrong. */
const placesOf = (reference: string): string => `environment: test
mode: "${reference}"
store: "${reference}"
http: { listen: "${reference}", auth: { tokens: [ { name: "${reference}", role: "${reference}", token: "${reference}" } ] } }
sources:
  prom: { type: "${reference}", url: "${reference}", interval: "${reference}" }
  app: { type: scrape, url: "${reference}", timeout: "${reference}", headers: "${reference}" }
targets:
  checkout: { owners: "${reference}", priority: "${reference}", rto: "${reference}", health: { url: "${reference}", expect: { status: "${reference}" } } }
featureFlags: { default: { type: "${reference}" } }
deployments: { a: { type: command, deploy: "${reference}", current: [a, "--x=${reference}"] } }
configurations: { a: { type: file, path: a, format: "${reference}" } }
notify: { slack: "${reference}", email: { smtp: "${reference}", from: "${reference}", to: ["${reference}"] } }
policy: { cooldown: "${reference}", maxAutoLevel: "${reference}", maxRollbacks: { count: "${reference}" } }
`;

describe('secrets', () => {
  it('are in no problem, wherever they stand and whatever they hold', async () => {
    const secret = fc.oneof(fc.string({ minLength: 1, maxLength: 30 }).map((text) => `§${text}§`), fc.constantFrom('§', '§ ', '§${version}', '§"\'', '§\n§'));
    await fc.assert(
      fc.asyncProperty(secret, async (value) => {
        const result = await loadConfig(configFolder({ ...goodFiles, 'belay.yaml': placesOf('${env:SECRET}') }), { secretReader: { readEnv: () => value, readFile: () => value } });
        expect(JSON.stringify(result.ok ? result.warnings : result.problems)).not.toContain('§');
      }),
      { numRuns: 60 },
    );
  });

  it('come from files without their last line break, and inside of longer texts', async () => {
    const redactor = new Redactor();
    const file = configFolder(goodFiles);
    const secretFile = join(dirname(file), 'smtp-password');
    writeFileSync(secretFile, 'p%40ss-word\n');
    writeFileSync(file, goodFiles['belay.yaml'].replace('smtp://127.0.0.1:2525', `smtp://\${env:SMTP_USER}:\${file:${secretFile}}@127.0.0.1:2525`));
    const result = await loadConfig(file, { env: { SMTP_USER: 'mailer' }, redactor });
    expect(result).toMatchObject({ ok: true, config: { notify: { email: { smtp: 'smtp://mailer:p%40ss-word@127.0.0.1:2525' } } } });
    expect(redactor.text('p%40ss-word or p@ss-word')).toBe('[redacted] or [redacted]');
  });

  it('that are written out are known as well: tokens, passwords in addresses, telling headers and environments', async () => {
    const more = `http: { auth: { tokens: [ { name: a, role: viewer, token: literal-token } ] } }
databases: { main: { type: command, restore: [r], verify: [v], env: { PGPASSWORD: env-password, PGUSER: visible-user } } }
deployments: { shop: { type: http, deploy: { url: "http://u:url-password@h/", headers: { Authorization: "Bearer header-token", Accept: application/json } }, current: { url: "http://h/" } } }
`;
    const { redactor } = await loadConfig(configFolder({ ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'] + more }), { env: {} });
    for (const secret of ['literal-token', 'env-password', 'url-password', 'header-token']) expect(redactor.text(secret)).toBe('[redacted]');
    for (const open of ['visible-user', 'application/json']) expect(redactor.text(open)).toBe(open);
  });

  it('are not the paths that people have to find again', async () => {
    const more = `reports: { directory: "\${env:REPORTS}" }
deployments: { shop: { type: symlink, releases: "\${env:HOME_OF_SHOP}/releases", link: "\${env:HOME_OF_SHOP}/current", reload: ["\${env:RELOAD}"] } }
`;
    const { redactor } = await loadConfig(configFolder({ ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'] + more }), { env: { REPORTS: '/var/reports', HOME_OF_SHOP: '/srv/shop', RELOAD: '/srv/reload' } });
    for (const open of ['/var/reports/today.md', '/srv/shop/current']) expect(redactor.text(open)).toBe(open);
    expect(redactor.text('/srv/reload')).toBe('[redacted]');
  });

  it('of steps must be there, but stay references', async () => {
    const plan = goodFiles['plans/checkout.yaml'].replace('new-checkout', '"flag-${env:SUFFIX}"');
    const files = { ...goodFiles, 'plans/checkout.yaml': plan };
    const result = await loadConfig(configFolder(files), { env: { SUFFIX: 'suffix-1' } });
    expect(result).toMatchObject({ ok: true, config: { plans: [{ steps: [{ parameters: { flagKey: 'flag-${env:SUFFIX}' } }] }] } });
    expect(result.redactor.text('suffix-1')).toBe('[redacted]');
    await expect(loadConfig(configFolder(files), { env: {} })).resolves.toMatchObject({ ok: false, problems: [{ line: 9, column: 34, message: '${env:SUFFIX}: this environment variable is not set' }] });
  });

  it('that are too short to be blanked are warned of', async () => {
    const files = { ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'].replace('environment: test', 'environment: ${env:SHORT}') };
    await expect(loadConfig(configFolder(files), { env: { SHORT: 'abc' } })).resolves.toMatchObject({
      ok: true,
      warnings: [{ line: 1, column: 14, path: 'environment', message: 'the value of ${env:SHORT} is shorter than four characters, so it cannot be blanked out of logs and messages' }],
    });
  });

  it('cannot bring a reference of their own into a command', async () => {
    const files = { ...goodFiles, 'belay.yaml': `${goodFiles['belay.yaml']}deployments: { a: { type: command, deploy: [a, "\${env:PASSWORD}"], current: [a] } }\n` };
    await expect(loadConfig(configFolder(files), { env: { PASSWORD: 'a${version}b' } })).resolves.toMatchObject({
      ok: false,
      problems: [{ path: 'deployments.a.deploy[1]', message: 'the secret holds "${", which would be taken for a reference here' }],
    });
  });

  it('whose reader fails in an unknown way are named, and nothing more', async () => {
    const secretReader = {
      readEnv: (): string => {
        throw new Error('the vault said: hunter2');
      },
      readFile: (): string => 'unused',
    };
    const files = { ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'].replace('environment: test', 'environment: ${env:NAME}') };
    await expect(loadConfig(configFolder(files), { secretReader })).resolves.toMatchObject({ ok: false, problems: [{ message: '${env:NAME} cannot be read' }] });
  });
});
