import { DrillService } from '../../src/daemon/drill-service.js';
import { drillGrounds } from '../../src/daemon/drill-ground.js';
import type { BackupRehearsal } from '../../src/drill/backup-drill.js';
import type { DrillMessenger } from '../../src/drill/communication-drill.js';
import type { Drill } from '../../src/drill/drill.js';
import { ExecutionJournal } from '../../src/guard/execution-journal.js';
import type { GuardDeclaration } from '../../src/guard/guard-declaration.js';
import type { DrillRunView } from '../../src/http/drill-api.js';
import type { DrillEvent } from '../../src/incident/drill-event.js';
import type { RollbackManager } from '../../src/rollback/rollback-manager.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { BackupJudge } from '../../src/source/check.js';
import { GuardRig } from './guard-rig.js';

/** A monthly drill on the first, at ten. */
export function aDrill(changes: Partial<Drill> = {}): Drill {
  return { kind: 'plan', name: 'flag-off', schedule: { cron: '0 10 1 * *', timezone: 'UTC' }, announceMs: 900_000, labels: {}, recipients: [], ...changes };
}

/** The drills of a whole guard over a real store, on a clock that tests move. */
export class DrillRig {
  drills: readonly Drill[];
  judge: BackupJudge['verify'] = () => Promise.resolve('backup today is verified');
  rehearse: BackupRehearsal['rehearse'] = () => Promise.resolve('it was restored');
  messenger: DrillMessenger = { channels: () => [], unreachable: () => [], send: () => Promise.resolve() };
  #service: DrillService | undefined;
  #ids = 0;

  private constructor(
    readonly rig: GuardRig,
    readonly rollbacks: () => RollbackManager,
    drills: readonly Drill[],
  ) {
    this.drills = drills;
  }

  static async start(startAt: string, drills: readonly Drill[], changes: Partial<GuardDeclaration> = {}, register: (rollbacks: RollbackManager) => void = () => undefined): Promise<DrillRig> {
    let rollbacks: RollbackManager | undefined;
    const rig = await GuardRig.start(
      changes,
      (made) => {
        rollbacks = made;
        register(made);
      },
      Date.parse(startAt),
    );
    const own = new DrillRig(
      rig,
      () => {
        if (rollbacks === undefined) throw new Error('nothing is registered');
        return rollbacks;
      },
      drills,
    );
    await own.open();
    return own;
  }

  get service(): DrillService {
    if (this.#service === undefined) throw new Error('the drills are not held');
    return this.#service;
  }

  /** `downForMs`: for how long nobody was there before. */
  async open(downForMs = 0): Promise<void> {
    const { rig } = this;
    const { clock, guard, store } = rig;
    const report = (error: unknown): void => void rig.faults.push(error);
    const service = new DrillService({
      guard,
      store: store.guard,
      clock,
      report,
      config: () => ({ drills: this.drills, policy: rig.declaration.policy, bindings: { featureFlags: {}, deployments: {}, configurations: {}, databases: {}, traffic: {} } }),
      groundOf: drillGrounds({ guard, rollbacks: this.rollbacks(), journal: new ExecutionJournal(store.guard, () => undefined), clock, redactor: new Redactor(), report, checks: () => rig.eyes.checks }),
      judge: () => ({ verify: (check, signal) => this.judge(check, signal) }),
      rehearsal: () => ({ rehearse: (request, signal) => this.rehearse(request, signal) }),
      messenger: () => this.messenger,
      newId: () => `drill-${++this.#ids}`,
    });
    store.onAppended((entries) => entries.forEach((entry) => service.note(entry)));
    this.#service = service;
    await service.start(clock.now() - downForMs);
    await clock.advance(0);
  }

  /** As a daemon that is killed leaves it: nothing more is written. Nobody is there for so long. */
  async restart(downForMs: number): Promise<void> {
    await this.rig.stop();
    await this.service.stop();
    await this.rig.clock.advance(downForMs);
    await this.rig.open();
    await this.open(downForMs);
  }

  async end(): Promise<void> {
    await this.#service?.stop();
    await this.rig.end();
  }

  async story(): Promise<readonly string[]> {
    return (await this.rig.events()).flatMap((event) => (event.type.startsWith('drill-') ? [storyLine(event as DrillEvent)] : []));
  }

  async run(executionId = 'drill-1'): Promise<DrillRunView> {
    return this.service.drillRun(executionId);
  }
}

function storyLine(event: DrillEvent): string {
  const at = new Date(event.at).toISOString().slice(5, 16);
  switch (event.type) {
    case 'drill-announced':
      return `${at} announced ${event.drill.name}`;
    case 'drill-started':
      return `${at} started ${event.drill.name} by ${event.by}`;
    case 'drill-ended':
      return `${at} ended ${event.drill.name} ${event.outcome}`;
    case 'drill-skipped':
      return `${at} skipped ${event.drill.name} ${event.reason}`;
    default:
      return event satisfies never;
  }
}
