import { BelayError, errorText } from '../fault/belay-error.js';
import type { CommandRequest, CommandResult } from '../process/run-command.js';
import type { Clock } from '../time/clock.js';
import type { BackupCheck, BackupJudge, Check, CheckResult, CheckRunner } from './check.js';
import { conditionHolds, formatValue, type Condition } from './condition.js';
import { DeadlineError, withDeadline } from './deadline.js';
import { HEALTH_SOURCE } from './health-source.js';
import { checkHttp } from './http-check.js';
import { createHttpClient } from './http-client.js';
import type { Observation, SeriesSample } from './sample.js';
import type { Query, Source } from './source.js';

export interface CheckPorts {
  readonly sources: ReadonlyMap<string, Source>;
  /** The source that checks of alerts mean when they name none. */
  readonly alertmanager?: string | undefined;
  readonly clock: Clock;
  readonly runCommand: (request: CommandRequest) => Promise<CommandResult>;
  /** Where it is absent, checks of backups are errors. */
  readonly backups?: BackupJudge | undefined;
}

type Outcome = Pick<CheckResult, 'status' | 'detail'>;
const SHOWN_CHARACTERS = 200;

/** Asks checks of the world: HTTP endpoints, sources, commands and health endpoints. */
export function createCheckRunner(ports: CheckPorts): CheckRunner {
  // Connections are not kept: a check is asked now and then, and proves that one can be made.
  const http = createHttpClient({ keepAlive: false });

  function ask(check: Check, signal: AbortSignal): Promise<Outcome> {
    switch (check.type) {
      case 'http': {
        const { method, url, headers, timeoutMs } = check;
        const body = bodyOf(check.body);
        return checkHttp(http, { method, url, headers: { ...body.headers, ...headers }, body: body.text, timeoutMs }, check.expect, signal);
      }
      case 'query': {
        const query: Query | undefined =
          check.expr !== undefined ? { kind: 'promql', expr: check.expr } : check.signal !== undefined ? { kind: 'signal', signal: check.signal } : undefined;
        if (query === undefined) return Promise.resolve({ status: 'error', detail: 'the check asks for nothing: it has neither an expr nor a signal' });
        return observe(ports, check.source, query, signal, (observation) => judge(observation, check.condition));
      }
      case 'alerts': {
        const { match, atMost } = check;
        const condition: Condition = { comparison: '<=', threshold: atMost, unit: 'number', text: `<= ${atMost}` };
        return observe(ports, check.source ?? ports.alertmanager ?? '', { kind: 'alerts', match, each: false }, signal, (observation) => judge(observation, condition));
      }
      case 'command':
        return runCheckCommand(ports, check, signal);
      case 'health':
        return observe(ports, HEALTH_SOURCE, { kind: 'health', target: check.target }, signal, judgeHealth);
      case 'backup':
        return verifyBackup(ports, check, signal);
      default:
        return check satisfies never;
    }
  }

  return {
    async run(check, signal) {
      const outcome = await withDeadline(check.timeoutMs, signal, (deadline) => ask(check, deadline)).catch((error: unknown): Outcome => {
        if (!(error instanceof DeadlineError)) signal.throwIfAborted();
        return { status: 'error', detail: errorText(error) };
      });
      return { name: check.name, at: ports.clock.now(), ...outcome };
    },
  };
}

async function observe(ports: CheckPorts, name: string, query: Query, signal: AbortSignal, judgement: (observation: Observation) => Outcome): Promise<Outcome> {
  const source = ports.sources.get(name);
  if (source === undefined) return { status: 'error', detail: `there is no source "${name}"` };
  return judgement(await source.observe(query, ports.clock.now(), signal));
}

/** OK when every series satisfies the condition; one that is known not to weighs more than one that is not known. */
export function judge(observation: Observation, condition: Condition): Outcome {
  if (observation.kind === 'error') return { status: 'error', detail: observation.message };
  if (observation.series.length === 0) return { status: 'unknown', detail: 'nothing matched the query' };
  let worst: Outcome = { status: 'ok', detail: '' };
  for (const series of observation.series) {
    const outcome = judgeSeries(series, condition);
    if (worst.detail === '' || WEIGHT[outcome.status] > WEIGHT[worst.status]) worst = outcome;
  }
  return worst;
}

const WEIGHT: Readonly<Record<Outcome['status'], number>> = { ok: 0, unknown: 1, error: 2, failed: 3 };

function judgeSeries({ labels, sample }: SeriesSample, condition: Condition): Outcome {
  const names = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const of = names.length === 0 ? '' : ` for {${names.join(', ')}}`;
  switch (sample.kind) {
    case 'value': {
      const value = formatValue(sample.value, condition.unit);
      return conditionHolds(condition, sample.value)
        ? { status: 'ok', detail: `${value} is ${condition.text}${of}` }
        : { status: 'failed', detail: `${value} is not ${condition.text}${of}` };
    }
    case 'no-data':
      return { status: 'unknown', detail: `there is no data (${sample.reason})${of}` };
    case 'stale':
      return { status: 'unknown', detail: `the newest sample is too old${of}` };
    case 'error':
      return { status: 'error', detail: `${sample.message}${of}` };
    default:
      return sample satisfies never;
  }
}

function judgeHealth(observation: Observation): Outcome {
  if (observation.kind === 'error') return { status: 'error', detail: observation.message };
  const sample = observation.series[0]?.sample;
  if (sample?.kind !== 'value') return { status: 'unknown', detail: 'the health is not known' };
  return sample.value === 1 ? { status: 'ok', detail: 'healthy' } : { status: 'failed', detail: observation.warnings.join('; ') || 'unhealthy' };
}

async function verifyBackup({ backups }: CheckPorts, check: BackupCheck, signal: AbortSignal): Promise<Outcome> {
  if (backups === undefined) return { status: 'error', detail: 'backups are not looked at here' };
  try {
    return { status: 'ok', detail: await backups.verify(check, signal) };
  } catch (error) {
    if (!(error instanceof BelayError) || error.code !== 'backup-unfit') throw error;
    return { status: 'failed', detail: error.message };
  }
}

/** Exit 0 is OK, 1 is a failure, and anything else means that the command could not tell. */
async function runCheckCommand(ports: CheckPorts, { argv, env }: Extract<Check, { type: 'command' }>, signal: AbortSignal): Promise<Outcome> {
  const { exitCode, signal: endedBy, stdout, stderr } = await ports.runCommand({ argv, env, signal });
  const printed = (stderr.trim() || stdout.trim()).slice(0, SHOWN_CHARACTERS);
  const ending = exitCode === null ? `was ended by ${endedBy ?? 'a signal'}` : `exited with ${exitCode}`;
  const detail = `${argv[0] ?? ''} ${ending}${printed === '' ? '' : `: ${printed}`}`;
  return { status: exitCode === 0 ? 'ok' : exitCode === 1 ? 'failed' : 'error', detail };
}

function bodyOf(body: unknown): { readonly text?: string; readonly headers: Readonly<Record<string, string>> } {
  if (body === undefined) return { headers: {} };
  return typeof body === 'string' ? { text: body, headers: {} } : { text: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}
