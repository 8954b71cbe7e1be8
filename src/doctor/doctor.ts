import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Config } from '../config/config.js';
import { findDaemon } from '../config/find-daemon.js';
import { loadConfig } from '../config/load-config.js';
import { Redactor } from '../secret/redactor.js';
import { createHealthSource } from '../source/health-source.js';
import { createHttpClient } from '../source/http-client.js';
import type { Clock } from '../time/clock.js';
import { examine } from './examine.js';
import { type Examination, type Finding, LOOK_TIMEOUT_MS } from './finding.js';
import { channelExaminations } from './look-at-channels.js';
import { providerExaminations } from './look-at-providers.js';
import { sourceExamination } from './look-at-source.js';
import { storeExaminations } from './look-at-store.js';

/** Looks at all that a configuration names, with its real credentials and without any effect. `onLooked` hears how many of all are done. No finding holds a secret. */
export async function doctor(file: string, clock: Clock, onLooked: (done: number, all: number) => void, signal: AbortSignal): Promise<readonly Finding[]> {
  const redactor = new Redactor();
  const result = await loadConfig(file, { redactor });
  const problems = result.ok ? result.warnings : result.problems;
  const written = problems.map(({ file: where, line, column, message, hint, severity }): Finding => ({
    area: 'configuration', name: `${shown(where)}:${line}:${column}`, status: severity === 'error' ? 'bad' : 'warning', message, mend: hint,
  }));
  if (!result.ok) return redactor.data(written);
  const { config } = result;
  const examinations = [
    ...storeExaminations({ storePath: config.storePath, file, keyFile: config.http.tls?.key }),
    ...config.sources.map((settings) => sourceExamination(settings, config.triggers, clock)),
    ...healthExaminations(config, clock),
    ...providerExaminations(config, clock, redactor),
    ...channelExaminations(config.notify, config.heartbeat, await slackTokenName(file)),
    daemonExamination(file, config),
  ];
  const looked = await examine(examinations, onLooked, signal);
  const well: Finding = { area: 'configuration', name: shown(file), status: 'ok', message: `is valid; mode ${config.mode}` };
  return redactor.data([well, ...written, ...looked]);
}

/** From here where that is shorter. */
function shown(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return fromHere.startsWith('..') ? file : fromHere;
}

function healthExaminations({ health }: Config, clock: Clock): readonly Examination[] {
  return health.map((settings): Examination => ({
    area: 'health',
    name: settings.target,
    timeoutMs: LOOK_TIMEOUT_MS,
    async look(signal) {
      const source = createHealthSource([settings], { sharedFate: 'never' });
      try {
        const observation = await source.observe({ kind: 'health', target: settings.target }, clock.now(), signal);
        if (observation.kind === 'error') return { status: 'bad', message: observation.message };
        const [series] = observation.series;
        if (series?.sample.kind === 'value' && series.sample.value === 1) return { status: 'ok', message: `${settings.url} answers as expected` };
        return { status: 'bad', message: observation.warnings.join('; ') || `${settings.url} does not answer as expected`, mend: `see whether ${settings.target} is well, and what targets.${settings.target}.health.expect says` };
      } finally {
        await source.close();
      }
    },
  }));
}

function daemonExamination(file: string, { directory }: Config): Examination {
  return {
    area: 'daemon',
    name: 'daemon',
    timeoutMs: LOOK_TIMEOUT_MS,
    async look(signal) {
      const { url } = await findDaemon(file, directory, process.env);
      // Behind TLS its own certificate would have to be believed; whether it runs is all that is asked here.
      const client = createHttpClient({ keepAlive: false });
      try {
        const answer = await client.ask({ method: 'GET', url: `${url}/-/ready`, headers: {}, timeoutMs: 2_000 }, signal);
        if (answer.kind === 'fault') return { status: 'skipped', message: `no daemon runs at ${url}` };
        return answer.status === 200 ? { status: 'ok', message: `runs at ${url} and is ready` } : { status: 'warning', message: `runs at ${url} and is not ready: ${answer.body.slice(0, 200)}`, mend: 'belay status tells what it waits for' };
      } finally {
        client.close();
      }
    },
  };
}

const slackToken = z.object({ notify: z.object({ slack: z.object({ token: z.string() }) }) });

/** `the variable SLACK_TOKEN`, where belay.yaml takes it from there. */
async function slackTokenName(file: string): Promise<string> {
  const written = slackToken.safeParse(parse(await readFile(file, 'utf8'))).data?.notify.slack.token ?? '';
  const [, root, name] = /^\$\{(env|file):([^}]+)\}$/.exec(written) ?? [];
  if (name === undefined) return 'notify.slack.token';
  return root === 'env' ? `the variable ${name}` : `the file ${name}`;
}
