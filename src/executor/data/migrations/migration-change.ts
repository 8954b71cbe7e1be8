import { BelayError } from '../../../fault/belay-error.js';
import { oneAtATime } from '../../calls/one-at-a-time.js';
import type { StateChange } from '../../state-executor.js';
import type { MigrationTool } from './migration-tool.js';

interface MigrationRequest {
  readonly tool: MigrationTool;
  readonly database: string;
  /** The one to be reversed, and with it all that were applied after it. */
  readonly migration: string;
  /** Work that names the same is done one after another. */
  readonly shared: string;
}

interface Captured {
  /** Oldest first. */
  readonly reversed: readonly string[];
}

/**
 * Reverses one migration and all that were applied after it, newest first, one at a time; each must be gone before the
 * next. To put it back is to apply just those again.
 */
export function migrationChange({ tool, database, migration, shared }: MigrationRequest): StateChange {
  const wanted = `without ${migration.slice(0, 200)}`;
  const look = async (signal: AbortSignal): Promise<{ name: string; applied: readonly string[]; reversing: readonly string[] }> => {
    const [applied, known] = [await tool.applied(signal), await tool.known(signal)];
    const name = matching(migration, [...new Set([...applied, ...known])], database);
    const at = applied.indexOf(name);
    return { name, applied, reversing: at === -1 ? [] : applied.slice(at) };
  };
  return {
    subject: `schema of ${database}`,
    wanted,
    async read(signal) {
      const { applied, reversing } = await look(signal);
      return reversing.length === 0 ? { state: 'applied', actual: wanted } : { state: 'not-applied', actual: `at ${applied.at(-1) ?? 'nothing'} (${reversing.length} to reverse)` };
    },
    async apply(effort) {
      await oneAtATime(shared, effort.signal, async () => {
        const { reversing } = await look(effort.signal);
        for (const name of reversing.toReversed()) {
          effort.signal.throwIfAborted();
          await tool.down(name, effort);
          if ((await tool.applied(effort.signal)).includes(name)) throw new BelayError('state-not-as-wanted', `${name} is still applied after it was reversed`);
        }
      });
    },
    capture: async (signal) => ({ reversed: (await look(signal)).reversing }) satisfies Captured,
    restoring(captured) {
      const { reversed } = captured as Captured;
      const missing = async (signal: AbortSignal): Promise<string[]> => {
        const applied = new Set(await tool.applied(signal));
        return reversed.filter((name) => !applied.has(name));
      };
      const back = `with ${reversed.join(', ')}`;
      return {
        subject: `schema of ${database}`,
        wanted: back,
        async read(signal) {
          const names = await missing(signal);
          return names.length === 0 ? { state: 'applied', actual: back } : { state: 'not-applied', actual: `without ${names.join(', ')}` };
        },
        async apply(effort) {
          await oneAtATime(shared, effort.signal, async () => {
            const names = await missing(effort.signal);
            await refuseOthers(tool, names, effort.signal);
            await tool.up(names, effort);
          });
        },
      };
    },
  };
}

/** Tools apply everything that is pending, also what nobody has asked for. */
async function refuseOthers(tool: MigrationTool, names: readonly string[], signal: AbortSignal): Promise<void> {
  const known = await tool.known(signal);
  const applied = new Set(await tool.applied(signal));
  const others = known.filter((name) => !applied.has(name) && !names.includes(name));
  if (others.length > 0) throw new BelayError('provider-refused', `${others.join(', ')} would be applied as well, which had not been applied before; take them out of the folder, or apply by hand`);
  const gone = names.filter((name) => !known.includes(name));
  if (gone.length > 0) throw new BelayError('undo-impossible', `there is no file of ${gone.join(', ')} any more`);
}

/** A migration is meant by its whole name, by its number, or by what follows the number. Throws `provider-refused` where none or several are. */
function matching(written: string, names: readonly string[], database: string): string {
  const isMeant = (name: string): boolean => {
    const plain = name.replace(/\.(?:sql|[cm]?[jt]s)$/, '');
    const [, number, words] = /^(\d+)(?:[_-](.*))?$/.exec(plain) ?? [];
    return [name, plain, number, words].includes(written);
  };
  const exact = names.includes(written) ? [written] : names.filter(isMeant);
  const shown = JSON.stringify(written.length > 80 ? `${written.slice(0, 80)}…` : written);
  const [name] = exact;
  if (name === undefined) throw new BelayError('provider-refused', `${database} knows no migration ${shown}`);
  if (exact.length > 1) throw new BelayError('provider-refused', `${shown} can be ${exact.join(' or ')}; write the whole name`);
  if (name.startsWith('-')) throw new BelayError('provider-refused', `the migration ${shown} begins with -, which programs would take for an option`);
  return name;
}
