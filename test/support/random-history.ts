import fc from 'fast-check';
import type { JournalEvent } from '../../src/incident/incident-event.js';

export const historyTargets = ['checkout', 'cart'];
const HOUR_MS = 3_600_000;
const versions = ['v1', 'v2', 'v3', 'v4'];

/** One thing that happens, and how many hours after the one before. */
export interface Move {
  readonly kind: 'incident' | 'deploy' | 'good' | 'pause' | 'resume' | 'reset' | 'blind' | 'seeing' | 'restart' | 'acknowledge' | 'close' | 'drill' | 'drill-not-held';
  readonly hours: number;
  readonly target: string;
  readonly version: string;
  readonly flavour: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('incident', 'incident', 'incident', 'deploy', 'deploy', 'good', 'pause', 'resume', 'reset', 'blind', 'seeing', 'restart', 'acknowledge', 'close', 'drill', 'drill', 'drill-not-held'),
  hours: fc.integer({ min: 0, max: 60 }),
  target: fc.constantFrom(...historyTargets),
  version: fc.constantFrom(...versions),
  flavour: fc.nat(59),
});

/** Journals such as a guard could have written, some months of them; the last event is the newest. */
export const randomHistory: fc.Arbitrary<readonly JournalEvent[]> = fc.array(move, { minLength: 5, maxLength: 70 }).map(historyOf);

export function historyOf(moves: readonly Move[]): readonly JournalEvent[] {
  const writer = new HistoryWriter();
  for (const each of moves) writer.write(each);
  return writer.events;
}

/** A history of one incident after another, each like the one before, hours apart. */
export function steadyHistory(incidents: number, hours: number): readonly JournalEvent[] {
  return historyOf(
    Array.from({ length: incidents }, (_, index): readonly Move[] => [
      { kind: index % 3 === 0 ? 'deploy' : 'restart', hours: 0, target: 'checkout', version: `v${index % 4}`, flavour: 1 },
      { kind: 'incident', hours, target: 'checkout', version: `v${(index + 1) % 4}`, flavour: 2 },
    ]).flat(),
  );
}

class HistoryWriter {
  readonly events: JournalEvent[] = [];
  readonly #open = new Map<string, string>();
  readonly #pauses: { readonly id: string; readonly target: string | undefined }[] = [];
  #now = Date.UTC(2026, 0, 1);
  #count = 0;

  write({ kind, hours, target, version, flavour }: Move): void {
    this.#now += hours * HOUR_MS;
    const at = this.#now;
    switch (kind) {
      case 'incident':
        if (!this.#open.has(target)) this.#incident(target, version, flavour);
        break;
      case 'close':
      case 'acknowledge':
        this.#onOpen(target, kind);
        break;
      case 'deploy':
      case 'good':
        this.events.push({ type: 'change-marked', at, target, kind, version, by: 'ci', ...(flavour % 3 === 0 ? { configVersion: `c${flavour}` } : {}), ...(flavour % 5 === 0 ? { snapshotId: `s${flavour}` } : {}) });
        break;
      case 'pause': {
        const pause = { id: `pause-${this.#count++}`, target: flavour % 4 === 0 ? undefined : target };
        this.#pauses.push(pause);
        this.events.push({ type: 'paused', at, pauseId: pause.id, target: pause.target, by: 'ana', reason: 'work', ...(flavour % 2 === 0 ? { until: at + flavour * HOUR_MS } : {}) });
        break;
      }
      case 'resume': {
        const pause = this.#pauses.shift();
        if (pause !== undefined) this.events.push({ type: 'resumed', at, pauseId: pause.id, target: pause.target, by: 'ana' });
        break;
      }
      case 'reset':
        this.events.push({ type: 'budget-reset', at, target: flavour % 3 === 0 ? undefined : target, by: 'ana' });
        break;
      case 'blind':
        this.events.push({ type: 'source-blind', at, source: `source-${flavour % 2}`, targets: [target], since: at, message: 'refused' });
        break;
      case 'seeing':
        this.events.push({ type: 'source-seeing', at, source: `source-${flavour % 2}`, targets: [target], blindForMs: 1 });
        break;
      case 'drill':
        this.#drill(target, flavour);
        break;
      case 'drill-not-held':
        this.events.push({ type: flavour % 2 === 0 ? 'drill-announced' : 'drill-skipped', at, drill: { kind: 'plan', name: target }, dueAt: at, ...(flavour % 2 === 0 ? { targets: [target] } : { reason: 'incident', explanation: 'x' }) } as JournalEvent);
        break;
      case 'restart':
        this.events.push({ type: 'daemon-started', at, version: '1', mode: 'enforce' });
        break;
      default:
        throw new TypeError(kind satisfies never);
    }
  }

  #drill(target: string, flavour: number): void {
    const executionId = `drill-${this.#count++}`;
    const drill = { kind: 'plan', name: target } as const;
    const at = this.#now;
    const step = { id: 'look', name: 'look', description: '', type: 'check', parameters: {}, timeout: 30 } as const;
    this.events.push({ type: 'drill-started', at, executionId, drill, trigger: flavour % 2 === 0 ? 'schedule' : 'manual', by: 'ana', ...(flavour % 2 === 0 ? { dueAt: at } : {}), targets: [target] });
    this.events.push({ type: 'rollback-started', at, executionId, planId: target, planName: target, dryRun: true, context: { environment: 'production', trigger: 'automatic', metadata: {} }, steps: [{ key: `${target}/look`, planId: target, step }] });
    this.events.push({ type: 'rollback-ended', at, executionId, outcome: 'success' });
    this.#now += HOUR_MS;
    this.events.push({ type: 'drill-ended', at: this.#now, executionId, drill, tookMs: HOUR_MS, outcome: flavour % 7 === 0 ? 'interrupted' : flavour % 3 === 0 ? 'failed' : 'passed', steps: [], gaps: [], explanation: 'x' });
  }

  #incident(target: string, version: string, flavour: number): void {
    const incidentId = `incident-${this.#count++}`;
    const executionId = `rollback-${this.#count++}`;
    const at = this.#now;
    const mode = flavour % 7 === 0 ? 'dry-run' : 'enforce';
    const base = { incidentId, target, at } as const;
    this.events.push({ ...base, type: 'incident-opened', environment: 'production', mode });
    this.events.push({ ...base, type: 'alert-cleared', fingerprint: 'f', trigger: 'Errors' });
    if (flavour % 4 !== 0) {
      const step = { id: 'deploy', name: 'deploy', description: '', type: 'deployment', parameters: { service: target, version, environment: 'production' }, timeout: 30 } as const;
      this.events.push({ ...base, type: 'rung-started', level: 3, planId: 'plan', executionId, mode, trigger: flavour % 5 === 0 ? 'manual' : 'automatic', by: 'belay', reason: 'breach' });
      this.events.push({ ...base, type: 'rollback-started', executionId, planId: 'plan', planName: 'Plan', dryRun: mode === 'dry-run', context: { environment: 'production', trigger: 'automatic', metadata: {} }, steps: [{ key: 'plan/deploy', planId: 'plan', step }] });
      this.events.push({ ...base, type: 'rollback-ended', executionId, outcome: flavour % 3 === 0 ? 'failed' : 'success' });
    }
    if (flavour % 4 === 0) this.events.push({ ...base, type: 'needs-human', reason: flavour % 8 === 0 ? 'budget-exhausted' : 'no-plan', explanation: 'a person is needed' });
    this.#open.set(target, incidentId);
    this.#now += HOUR_MS;
    if (flavour % 6 !== 0) this.#onOpen(target, 'close');
  }

  #onOpen(target: string, kind: 'close' | 'acknowledge'): void {
    const incidentId = this.#open.get(target);
    if (incidentId === undefined) return;
    const base = { incidentId, target, at: this.#now, by: 'ana' } as const;
    if (kind === 'acknowledge') {
      this.events.push({ ...base, type: 'incident-acknowledged' });
      return;
    }
    this.#open.delete(target);
    this.events.push({ ...base, type: 'incident-closed', reason: 'done' });
    this.events.push({ type: 'report-written', incidentId, target, at: this.#now, path: '/reports/x.md' });
  }
}
