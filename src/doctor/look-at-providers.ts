import { readFileSync } from 'node:fs';
import { hasOpenPlace } from '../config/check-filled-in.js';
import type { Config } from '../config/config.js';
import { equipmentOf, nobody } from '../daemon/equipment.js';
import { BelayError } from '../fault/belay-error.js';
import type { RollbackContext, RollbackStep } from '../rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../rollback/step-executor.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import { type Examination, type Finding, LOOK_TIMEOUT_MS } from './finding.js';
import { mendOf } from './mend.js';

/** A dump is read from its first byte to its last. */
const BACKUP_TIMEOUT_MS = 120_000;

/** The parameters that name a binding, and those that tell two questions to it apart. */
const askedBy: Readonly<Record<string, { readonly kind: keyof Config['bindings']; readonly name: (parameters: Readonly<Record<string, unknown>>) => unknown; readonly apart?: readonly string[] }>> = {
  'feature-flag': { kind: 'featureFlags', name: ({ provider = 'default' }) => provider, apart: ['flagKey'] },
  deployment: { kind: 'deployments', name: ({ service }) => service },
  configuration: { kind: 'configurations', name: ({ service }) => service },
  data: { kind: 'databases', name: ({ database }) => database, apart: ['snapshotId', 'migration'] },
  traffic: { kind: 'traffic', name: ({ service }) => service },
};

/** The rights that the credentials of a type need, in its own words. */
const rightsOf: Readonly<Record<string, string>> = {
  unleash: 'an admin or project token that may update flags in the environment',
  launchdarkly: 'an access token with a role that may updateOn the flag in the environment (Writer has it)',
  'github-actions': 'a fine-grained token with Actions: write and Deployments: read',
  kubernetes: 'a Role with get and patch on deployments, and list on replicasets and pods (docs/providers.md has it whole)',
  postgres: 'a login that may read the catalog, and the right CREATEDB for whole databases (docs/providers.md)',
  statuspage: 'a token of the page',
};

interface Question {
  readonly kind: keyof Config['bindings'];
  readonly name: string;
  readonly type: string;
  readonly step: RollbackStep;
  readonly target: string | undefined;
}

/** Every provider that a plan uses, asked for the real state by the first step that uses it: `get`, `current` and `verify`, and nothing that changes anything. */
export function providerExaminations(config: Config, clock: Clock, redactor: Redactor): readonly Examination[] {
  const { executors } = equipmentOf(config, { sources: new Map(), clock, people: nobody });
  const questions = questionsOf(config);
  const unused = Object.entries(config.bindings).flatMap(([kind, entries]) => Object.keys(entries).flatMap((name): Examination[] => {
    if (questions.some((question) => question.kind === kind && question.name === name)) return [];
    return [{ area: 'provider', name: `${kind}.${name}`, timeoutMs: LOOK_TIMEOUT_MS, look: () => Promise.resolve({ status: 'skipped', message: 'no step of a plan uses it' }) }];
  }));
  const isOpen = ({ kind, name }: Question): boolean => hasOpenPlace((config.bindings[kind] as Readonly<Record<string, unknown>>)[name]);
  return [...questions.map((question) => (isOpen(question) ? openExamination(question) : examinationOf(question, executors, config, redactor))), ...unused];
}

function questionsOf({ plans, bindings }: Config): readonly Question[] {
  const questions = new Map<string, Question>();
  for (const { steps, target } of plans) {
    for (const step of steps) {
      const asked = askedBy[step.type];
      const parameters = step.parameters as Readonly<Record<string, unknown>>;
      const name = asked?.name(parameters);
      if (asked === undefined || typeof name !== 'string' || name.includes('${')) continue;
      const type = (bindings[asked.kind] as Readonly<Record<string, { readonly type: string } | undefined>>)[name]?.type ?? '';
      const key = JSON.stringify([asked.kind, name, ...(asked.apart ?? []).map((parameter) => parameters[parameter])]);
      if (!questions.has(key)) questions.set(key, { kind: asked.kind, name, type, step, target });
    }
  }
  return [...questions.values()];
}

/** To ask it would only say that there is no such program. */
function openExamination({ kind, name }: Question): Examination {
  return { area: 'provider', name: `${kind}.${name}`, timeoutMs: LOOK_TIMEOUT_MS, look: () => Promise.resolve({ status: 'skipped', message: 'is asked once it is filled in' }) };
}

function examinationOf({ kind, name, type, step, target }: Question, executors: ReadonlyMap<string, RollbackStepExecutor>, { environment }: Config, redactor: Redactor): Examination {
  const context: RollbackContext = { environment, trigger: 'manual', triggeredBy: 'belay doctor', metadata: { target } };
  const flag = kind === 'featureFlags' ? (step.parameters as Readonly<Record<string, unknown>>)['flagKey'] : undefined;
  return {
    area: 'provider',
    name: `${kind}.${name}${typeof flag === 'string' ? ` ${flag}` : ''}`,
    timeoutMs: step.type === 'data' ? BACKUP_TIMEOUT_MS : LOOK_TIMEOUT_MS,
    async look(signal): Promise<Omit<Finding, 'area' | 'name'>> {
      const executor = executors.get(step.type);
      const filled = { ...step, parameters: filledIn(step.parameters, environment, redactor) as RollbackStep['parameters'] };
      try {
        const backup = step.type === 'data' ? await executor?.ready?.(filled, context, signal) : undefined;
        const state = await executor?.state?.(filled, context, signal);
        if (state === 'unknown' && type === '') return { status: 'warning', message: 'it cannot say how things are' };
        const { summary } = (await executor?.describe?.(filled, context, signal)) ?? { summary: state ?? 'asked' };
        return { status: 'ok', message: `${type} answers: ${summary.replaceAll(STAND_IN, '(a version)')}${backup === undefined ? '' : `; ${backup}`}` };
      } catch (error) {
        signal.throwIfAborted();
        const mend = mendOf(error);
        const refused = error instanceof BelayError && [401, 403].includes(Number(error.context['status']));
        return { status: 'bad', message: `${type}: ${error instanceof Error ? error.message : String(error)}`, mend: refused && rightsOf[type] !== undefined ? `${mend ?? ''}; it needs ${rightsOf[type]}` : mend };
      }
    },
  };
}

const STAND_IN = 'belay-doctor';

/** Where a value is known at a rollback only, a stand-in: what is asked is whether the provider answers. */
function filledIn(value: unknown, environment: string, redactor: Redactor): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{(?:(env|file):)?([^}]*)\}/g, (_all, root: string | undefined, name: string) => {
      if (root === undefined) return name === 'context.environment' ? environment : STAND_IN;
      const secret = root === 'env' ? (process.env[name] ?? '') : readFileSync(name, 'utf8').trim();
      redactor.add(secret);
      return secret;
    });
  }
  if (Array.isArray(value)) return value.map((part: unknown) => filledIn(part, environment, redactor));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, filledIn(part, environment, redactor)]));
  return value;
}
