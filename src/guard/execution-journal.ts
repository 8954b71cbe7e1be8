import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { RollbackEvent } from '../rollback/rollback-event.js';
import type { RollbackJournal } from '../rollback/rollback-journal.js';
import type { ExecutionStore } from './until-written.js';

type ExecutionEvent = Extract<JournalEvent, RollbackEvent>;

/** Which incident an execution belongs to, or that it is a drill's; empty for one that belongs to neither. */
type Owner = Pick<ExecutionEvent, 'incidentId' | 'target' | 'isDrill'>;

/** The rollback stage's journal, kept in the guard's: each event is booked on the incident that its execution belongs to. A drill's are kept for its own record alone. */
export class ExecutionJournal implements RollbackJournal {
  readonly #store: ExecutionStore;
  readonly #onDurable: (event: ExecutionEvent) => void;
  readonly #owners = new Map<string, Owner>();

  constructor(store: ExecutionStore, onDurable: (event: ExecutionEvent) => void) {
    this.#store = store;
    this.#onDurable = onDurable;
  }

  async append(event: RollbackEvent): Promise<void> {
    const owned: ExecutionEvent = { ...event, ...(await this.#ownerOf(event.executionId)) };
    await this.#store.append([owned]);
    if (event.type === 'rollback-ended') this.#owners.delete(event.executionId);
    if (owned.isDrill !== true) this.#onDurable(owned);
  }

  async eventsOf(executionId: string): Promise<readonly RollbackEvent[]> {
    return (await this.#store.entriesOfExecution(executionId)).flatMap(({ event }) => (isExecutionEvent(event) ? [event] : []));
  }

  unfinished(): Promise<readonly string[]> {
    return this.#store.unfinishedExecutions();
  }

  async undosOf(executionId: string): Promise<readonly string[]> {
    const [first] = await this.#store.entriesOfExecution(executionId);
    const started = await this.#store.entriesOfTypes(['rollback-started'], first?.event.at ?? 0);
    return started.flatMap(({ event }) => (event.type === 'rollback-started' && event.undoes === executionId ? [event.executionId] : []));
  }

  async #ownerOf(executionId: string): Promise<Owner> {
    const known = this.#owners.get(executionId) ?? ownerIn(await this.#store.entriesOfExecution(executionId));
    this.#owners.set(executionId, known);
    return known;
  }
}

function ownerIn(entries: readonly JournalEntry[]): Owner {
  for (const { event } of entries) {
    if (event.type === 'rung-started') return { incidentId: event.incidentId, target: event.target };
    if (event.type === 'drill-started') return { isDrill: true };
  }
  return {};
}

const executionEventTypes: ReadonlySet<JournalEvent['type']> = new Set([
  'rollback-started',
  'step-attempt-started',
  'step-attempt-failed',
  'step-succeeded',
  'step-described',
  'step-failed',
  'step-parked',
  'step-skipped',
  'rollback-over-budget',
  'attempt-settled-late',
  'cancel-requested',
  'rollback-resumed',
  'rollback-ended',
] satisfies readonly RollbackEvent['type'][]);

function isExecutionEvent(event: JournalEvent): event is ExecutionEvent {
  return executionEventTypes.has(event.type);
}
