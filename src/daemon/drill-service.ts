import type { Config } from '../config/config.js';
import { frozenUntil } from '../decision/freeze.js';
import { backupDrill, type BackupRehearsal } from '../drill/backup-drill.js';
import { communicationDrill, type DrillMessenger } from '../drill/communication-drill.js';
import { type Drill, drillKey, plansToDrill } from '../drill/drill.js';
import { type DrillRecord, drillWarning, type PastDrill } from '../drill/drill-history.js';
import { stepsOfRun } from '../drill/drill-steps.js';
import { type DrillObstacle, Drills } from '../drill/drills.js';
import { planDrill, type PlanDrillPorts, settleInterrupted } from '../drill/plan-drill.js';
import { BelayError } from '../fault/belay-error.js';
import type { Guard } from '../guard/guard.js';
import type { GuardStore } from '../guard/guard-store.js';
import { activePauses, pauseWords } from '../guard/pauses.js';
import type { DrillApi, DrillRequest, DrillRunView, DrillView } from '../http/drill-api.js';
import type { DrillSubject } from '../incident/drill-event.js';
import type { JournalEntry } from '../incident/incident-event.js';
import { planSummary } from '../rollback/plan-description.js';
import { planOrder } from '../rollback/plan-order.js';
import type { BackupJudge } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { nextAt } from '../time/cron-schedule.js';

export interface DrillServicePorts {
  readonly guard: Pick<Guard, 'declaration' | 'openIncidents' | 'pauses'>;
  readonly store: Pick<GuardStore, 'append' | 'entriesOfTypes' | 'entriesOfExecution'>;
  readonly clock: Clock;
  readonly config: () => Pick<Config, 'drills' | 'bindings' | 'policy'>;
  readonly groundOf: PlanDrillPorts['groundOf'];
  readonly judge: () => BackupJudge;
  readonly rehearsal: () => BackupRehearsal;
  readonly messenger: () => DrillMessenger;
  readonly newId: () => string;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

const byHand = { announceMs: 0, labels: {}, recipients: [] } as const;

/** The drills of the daemon, as the HTTP interface and the metrics see them. */
export class DrillService implements DrillApi {
  readonly #ports: DrillServicePorts;
  readonly #drills: Drills;

  constructor(ports: DrillServicePorts) {
    const { clock, store, config, groundOf, judge, rehearsal, messenger, newId, report } = ports;
    this.#ports = ports;
    this.#drills = new Drills({
      clock,
      store,
      newId,
      report,
      declared: () => config().drills,
      performers: {
        plan: planDrill({ clock, entriesOfExecution: (id) => store.entriesOfExecution(id), groundOf }),
        backup: backupDrill({ clock, judge, rehearsal }),
        communication: communicationDrill({ clock, messenger }),
      },
      targetsOf: (drill) => this.#targetsOf(drill),
      documentedMsOf: (drill) => this.#documentedMsOf(drill),
      obstacleTo: (targets, now) => this.#obstacleTo(targets, now),
      settle: async (drill, executionId) => {
        const hasRun = (await store.entriesOfExecution(executionId)).some(({ event }) => event.type === 'rollback-started');
        if (drill.kind === 'plan' && hasRun) await settleInterrupted(groundOf, drill, executionId);
      },
    });
  }

  start(aliveAt: number): Promise<void> {
    return this.#drills.start(aliveAt);
  }

  declare(): void {
    this.#drills.declare();
  }

  note({ event }: JournalEntry): void {
    this.#drills.note(event);
  }

  stop(): Promise<void> {
    return this.#drills.stop();
  }

  /** Every drill that is declared, and every plan that should be drilled because Belay may start it by itself, or has been. */
  drills(): readonly DrillView[] {
    const { drills } = this.#ports.config();
    const { plans } = this.#ports.guard.declaration;
    const { history } = this.#drills;
    const declared = new Set(drills.map(drillKey));
    const expected = new Set(plansToDrill(plans).map(drillKey));
    const others = plans
      .map(({ id: name }): Drill => ({ kind: 'plan', name, ...byHand }))
      .filter((drill) => !declared.has(drillKey(drill)) && (expected.has(drillKey(drill)) || history.has(drillKey(drill))));
    return [...drills, ...others].map((drill) => this.#view(drill, history.get(drillKey(drill))));
  }

  async drillRun(executionId: string): Promise<DrillRunView> {
    const entries = await this.#ports.store.entriesOfExecution(executionId);
    const started = entries.flatMap(({ event }) => (event.type === 'drill-started' ? [event] : []))[0];
    if (started === undefined) throw new BelayError('not-found', `there is no drill ${executionId}`);
    const ended = entries.flatMap(({ event }) => (event.type === 'drill-ended' ? [event] : []))[0];
    const { drill, trigger, by, at: startedAt, against, documentedMs } = started;
    const current = this.#drills.current?.executionId === executionId ? this.#drills.current : undefined;
    const soFar = drill.kind === 'plan' ? stepsOfRun(entries) : (current?.shown ?? []);
    return {
      ...drill, executionId, trigger, by, startedAt, against, documentedMs,
      status: ended?.outcome ?? 'running',
      endedAt: ended?.at,
      tookMs: ended?.tookMs,
      steps: ended === undefined || ended.steps.length === 0 ? soFar : ended.steps,
      gaps: ended?.gaps ?? [],
      explanation: ended?.explanation,
    };
  }

  async startDrill({ subject, dryRun }: DrillRequest, by: string): Promise<{ readonly executionId: string }> {
    const drill = this.#wanted(subject);
    return { executionId: await this.#drills.startByHand(dryRun ? { ...drill, against: undefined, settings: undefined } : drill, by) };
  }

  cancelDrill(executionId: string, by: string): Promise<void> {
    return this.#drills.cancel(executionId, by);
  }

  #wanted(subject: DrillSubject): Drill {
    const { drills, bindings } = this.#ports.config();
    const { plans } = this.#ports.guard.declaration;
    const declared = drills.find((drill) => drillKey(drill) === drillKey(subject));
    if (declared !== undefined) return declared;
    const { kind, name } = subject;
    const known = kind === 'plan' ? plans.map(({ id }) => id) : kind === 'backup' ? Object.keys(bindings.databases) : [];
    if (known.includes(name)) return { ...subject, ...byHand };
    if (kind === 'plan') throw new BelayError('plan-not-found', `Rollback plan ${name} not found`, { context: { known } });
    const all = [...known, ...drills.filter((drill) => drill.kind === kind).map((drill) => drill.name)];
    throw new BelayError('not-found', kind === 'backup' ? `belay.yaml has no database ${name}` : `belay.yaml has no drill of communication ${name}`, { context: { known: all } });
  }

  #view(drill: Drill, record: DrillRecord | undefined): DrillView {
    const { kind, name, schedule, against } = drill;
    return {
      kind,
      name,
      targets: this.#targetsOf(drill),
      schedule,
      against,
      documentedMs: drill.withinMs ?? this.#documentedMsOf(drill),
      nextAt: schedule === undefined ? undefined : nextAt(schedule, this.#ports.clock.now()),
      last: record?.last === undefined ? undefined : summaryOf(record.last),
      lastPassedAt: record?.lastPassedAt,
      warning: drillWarning(drill, record),
    };
  }

  #targetsOf({ kind, name, target }: Drill): readonly string[] {
    if (kind === 'backup') return target === undefined ? [] : [target];
    if (kind === 'communication') return [];
    const { plans } = this.#ports.guard.declaration;
    const getPlan = (id: string): (typeof plans)[number] | undefined => plans.find((plan) => plan.id === id);
    if (getPlan(name) === undefined) return [];
    return [...new Set(planOrder(name, getPlan).flatMap((plan) => plan.target ?? []))];
  }

  #documentedMsOf({ kind, name, target }: Drill): number | undefined {
    const { plans, targets } = this.#ports.guard.declaration;
    if (kind === 'backup') return targets.find((declared) => declared.name === target)?.rtoMs;
    const plan = kind === 'plan' ? plans.find(({ id }) => id === name) : undefined;
    if (plan === undefined) return undefined;
    const { estimatedMs, budgetMs } = planSummary(plan, (id) => plans.find((other) => other.id === id));
    return estimatedMs ?? budgetMs;
  }

  #obstacleTo(targets: readonly string[], now: number): DrillObstacle | undefined {
    const { guard, config } = this.#ports;
    const concerned = targets.length === 0 ? guard.declaration.targets.map(({ name }) => name) : targets;
    const incident = guard.openIncidents.find(({ target }) => targets.length === 0 || targets.includes(target));
    if (incident !== undefined) return { reason: 'incident', explanation: `${incident.target} has an open incident (${incident.id})` };
    for (const target of concerned) {
      const [pause] = activePauses(guard.pauses, target, now);
      if (pause !== undefined) return { reason: 'paused', explanation: `${pause.target ?? 'everything'} is ${pauseWords(pause)}` };
    }
    const freeze = config().policy.freeze.find((one) => frozenUntil(one, now) !== undefined);
    return freeze === undefined ? undefined : { reason: 'frozen', explanation: `there is a freeze (${freeze.reason})` };
  }
}

function summaryOf({ executionId, outcome, startedAt, endedAt, tookMs, gaps, explanation }: PastDrill): DrillView['last'] {
  return { executionId, status: outcome ?? 'running', startedAt, endedAt, tookMs, gaps, explanation };
}
