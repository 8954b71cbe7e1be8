import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { configFolder, goodFiles } from '../support/config-folder.js';

const env = { FLAGS: '/etc/flags.json', STAGING_FLAGS: '/etc/staging.json', APP_URL: 'http://127.0.0.1:3000' };
const step = (parameters: string): string => `id: back\nname: Back\ntarget: checkout\nsteps:\n  - { id: look, name: Look, type: check, parameters: { type: http, name: look, url: "${parameters}" }, timeout: 5 }\n`;
const here = (more = ''): string => goodFiles['belay.yaml'].replace('path: flags.json', 'path: "${env:FLAGS}"') + `drills: [ { plan: back, cron: "0 10 1 * *", against: there.yaml${more} } ]\n`;
const there = (variable: string): string => `environment: staging\ntargets: { checkout: {} }\nfeatureFlags: { default: { type: file, path: "\${env:${variable}}" } }\nnotify: { webhook: [ { url: "\${env:APP_URL}" } ] }\n`;

it.each([
  ['the same binding', here(), there('FLAGS'), step('http://127.0.0.1:3000/'), /^\$\{env:FLAGS\} means there what it means here/],
  ['a plan that asks by a variable', here(), there('STAGING_FLAGS'), step('${env:APP_URL}/'), /^\$\{env:APP_URL\} means there/],
  ['both', here(), there('FLAGS'), step('${env:APP_URL}/'), /^\$\{env:APP_URL\}, \$\{env:FLAGS\} mean there what they mean here/],
  ['nothing where there is no such file, which is an error', here().replace('there.yaml', 'nowhere.yaml'), there('FLAGS'), step('${env:APP_URL}/'), undefined],
  ['names of their own', here(), there('STAGING_FLAGS'), step('http://127.0.0.1:3000/'), undefined],
  ['settings of there', here(', settings: there.env'), there('FLAGS'), step('${env:APP_URL}/'), undefined],
])('a drill against other files warns of %s', async (_what, belay, other, plan, warning) => {
  const file = configFolder({ ...goodFiles, 'belay.yaml': belay, 'there.yaml': other, 'there.env': 'FLAGS=/etc/staging.json\n', 'plans/back.yaml': plan });
  const result = await loadConfig(file, { env });
  const about = result.warnings.filter(({ path }) => path === 'drills[0].against');
  expect(result.ok).toBe(!belay.includes('nowhere.yaml'));
  expect(about.map(({ message }) => message)).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
});
