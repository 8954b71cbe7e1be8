import type { JSX } from 'preact';
import type { Mode } from '../../trigger/trigger.js';

/** That what stands beside it is not done in earnest; nothing where it is. */
export function ModeMark({ mode }: { readonly mode: Mode }): JSX.Element | null {
  return mode === 'enforce' ? null : <span class="mode">{mode === 'dry-run' ? 'DRY RUN' : 'OBSERVE'}</span>;
}
