import type { MarkedState } from '../decision/change.js';

/**
 * "Version X of target T was deployed at time t", or was seen to be good, or was brought back by a rollback of Belay's;
 * `seen`: it was found to run before anybody had told of it, which is no change.
 * Instants in milliseconds since the epoch.
 */
export interface ChangeMarker extends MarkedState {
  readonly target: string;
  readonly kind: 'deploy' | 'good' | 'rollback' | 'seen';
  readonly version: string;
  readonly by: string;
  readonly at: number;
}
