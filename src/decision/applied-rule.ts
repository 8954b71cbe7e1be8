import type { LadderRequest } from './ladder.js';

/** What one firing alert asks for, and by which rule: what its trigger says itself, or the matrix. */
export interface AppliedRule extends LadderRequest {
  readonly trigger: string;
  readonly by: 'trigger' | 'matrix';
  /** The row of the matrix, from 1; absent when none matches. */
  readonly row?: number | undefined;
  readonly fixForward: boolean;
  /** One sentence for people, without its stop. */
  readonly text: string;
}
