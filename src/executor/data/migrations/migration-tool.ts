import type { Effort } from '../../state-executor.js';

/** What knows which migrations a database has, and can reverse the newest or apply some again. */
export interface MigrationTool {
  /** The names of those that are applied, oldest first. Only reads. */
  applied(signal: AbortSignal): Promise<readonly string[]>;
  /** The names of all that there are, applied or not. Only reads. */
  known(signal: AbortSignal): Promise<readonly string[]>;
  /** Reverses one, which is the newest. */
  down(name: string, effort: Effort): Promise<unknown>;
  /** Applies those that are not applied any more, oldest first. */
  up(names: readonly string[], effort: Effort): Promise<unknown>;
}
