import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkApprovals } from './check-approvals.js';
import { BINDING_KINDS, checkBindingTemplates } from './check-bindings.js';
import type { BelayPart } from './belay-part.js';
import { httpSchema } from './belay-schema.js';
import { checkCustomers } from './check-customers.js';
import { checkNotify } from './check-notify.js';
import { checkReports } from './check-reports.js';
import { checkTargets } from './check-targets.js';
import { listOf, recordOf, validFields } from './check-schema.js';
import { isLoopbackHost } from './listen-address.js';
import { HEALTH } from './health-source.js';
import { RECEIVER_SOURCE } from '../source/receiver-source.js';
import { MEMBER_SOURCE } from '../trigger/members.js';
import type { Problem } from './problem.js';

/** What the schema of belay.yaml cannot see. */
export function checkBelay(belay: BelayPart): readonly Problem[] {
  return [...checkHttp(belay), ...checkTargets(belay), ...checkTls(belay), ...checkNames(belay), ...checkApprovals(belay), ...BINDING_KINDS.flatMap((kind) => checkBindingTemplates(belay, kind)), ...checkReports(belay), ...checkCustomers(belay), ...checkNotify(belay), ...checkSecrets(belay)];
}

/** Files that the daemon would look for in vain at its start. */
function checkTls({ document }: BelayPart): readonly Problem[] {
  const tls = recordOf(recordOf(recordOf(document.data)['http'])['tls']);
  return Object.entries(tls).flatMap(([key, path]) => {
    if (typeof path !== 'string' || path === '' || existsSync(resolve(dirname(document.file), path))) return [];
    return [document.problem(['http', 'tls', key], `there is no file ${path}`, { hint: 'write the path of a PEM file, from the folder of belay.yaml on' })];
  });
}

function checkHttp({ document }: BelayPart): readonly Problem[] {
  const http = recordOf(recordOf(document.data)['http']);
  const written = listOf(recordOf(http['auth'])['tokens']).map(recordOf);
  const { listen } = validFields(httpSchema, http);
  const at = (index: number, key: string): (string | number)[] => ['http', 'auth', 'tokens', index, key];
  const problems: Problem[] = [];
  if (listen !== undefined && !isLoopbackHost(listen.host) && written.length === 0) {
    problems.push(
      document.problem(['http', 'listen'], 'an address that other machines reach needs tokens', {
        hint: 'add http.auth.tokens: [ { name, role, token: "${env:NAME}" } ], or listen on 127.0.0.1',
      }),
    );
  }
  written.forEach(({ name, token }, index) => {
    const same = (key: string, value: unknown): boolean => typeof value === 'string' && written.findIndex((other) => other[key] === value) < index;
    if (same('name', name)) problems.push(document.problem(at(index, 'name'), 'another token has the same name'));
    if (same('token', token)) problems.push(document.problem(at(index, 'token'), 'another entry has the same token, so that nobody could tell them apart'));
  });
  return problems;
}

function checkNames({ document, sources, targets }: BelayPart): readonly Problem[] {
  return [
    ...(sources?.has(MEMBER_SOURCE) === true ? [document.problem(['sources', MEMBER_SOURCE], `"${MEMBER_SOURCE}" is what composites ask`, { atKey: true, hint: 'give the source another name' })] : []),
    ...(sources?.has(RECEIVER_SOURCE) === true ? [document.problem(['sources', RECEIVER_SOURCE], `"${RECEIVER_SOURCE}" is what Alertmanagers send to Belay`, { atKey: true, hint: 'give the source another name' })] : []),
    ...(sources?.has(HEALTH) === true ? [document.problem(['sources', HEALTH], `"${HEALTH}" is the name of the targets' own endpoints`, { atKey: true, hint: 'give the source another name' })] : []),
    ...(targets?.size === 0 ? [document.problem(['targets'], 'there is no target, so nothing is guarded', { severity: 'warning' })] : []),
  ];
}

function checkSecrets({ document, secrets }: BelayPart): readonly Problem[] {
  return secrets.short.map(({ path, written }) =>
    document.problem(path, `the value of ${written} is shorter than four characters, so it cannot be blanked out of logs and messages`, { severity: 'warning' }),
  );
}
