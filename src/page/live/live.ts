import { emptyState, type LiveState } from './live-state.js';
import { Store, useStore } from './store.js';

/** What the page knows. */
export const live = new Store<LiveState>(emptyState);

export function useLive<Part>(select: (state: LiveState) => Part): Part {
  return useStore(live, select);
}
