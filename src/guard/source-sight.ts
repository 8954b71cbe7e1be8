import type { JournalEvent } from '../incident/incident-event.js';
import type { Sight } from '../trigger/blindness.js';

/** What is known of a source's sight, with why it gave no usable answer the last time. */
export type SourceSight = Sight & { readonly message: string };

/** Takes up, while the journal is read back, which sources people know to be blind. */
export function noteSight(sights: Map<string, SourceSight>, event: JournalEvent): void {
  if (event.type === 'source-blind') sights.set(event.source, { blind: true, unknownSince: event.since, message: event.message });
  if (event.type === 'source-seeing') sights.delete(event.source);
}
