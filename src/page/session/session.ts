import { Store } from '../live/store.js';

/** As `GET /api/v1/session` names them; `webhook` tokens cannot look at anything. */
export type Role = 'viewer' | 'operator' | 'approver' | 'admin';

export type Session =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'signed-out'; readonly refusal?: string | undefined }
  /** `anonymous`: this machine may view without a token. */
  | { readonly kind: 'signed-in'; readonly name: string; readonly role: Role; readonly anonymous: boolean };

const KEY = 'belay.token';
const ranks: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, approver: 3, admin: 4 };

export const session = new Store<Session>({ kind: 'unknown' });

/** The token of this tab: it ends with the tab, other ports and origins do not see it, and it is never part of an address. */
export function storedToken(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

export function mayDo(current: Session, required: Role): boolean {
  return current.kind === 'signed-in' && ranks[current.role] >= ranks[required];
}
