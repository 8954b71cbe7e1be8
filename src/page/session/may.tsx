import type { ComponentChildren, JSX } from 'preact';
import { useStore } from '../live/store.js';
import { mayDo, session, type Role } from './session.js';

/** What only those with a role see; the daemon asks for the role once more. */
export function May({ role, children }: { readonly role: Role; readonly children: ComponentChildren }): JSX.Element | null {
  return useStore(session, (current) => mayDo(current, role)) ? <>{children}</> : null;
}
