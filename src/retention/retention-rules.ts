import type { JournalEvent } from '../incident/incident-event.js';

/**
 * For how long a line of the journal is needed.
 *
 * `with-incident`: as long as its incident is kept. `by-age`: for the time that incidents are kept. `newest-of-source`,
 * `newest-reset`: the newest of its source or target stays in force. `while-paused`: as long as the pause lasts, and then
 * by age. `change`: as long as the change marker that it makes says something about now. `newest-of-drill`: as long as
 * its drill stands as it says (the newest run, verdict and success), and then by age, with all that the run wrote.
 */
type RetentionRule = 'with-incident' | 'by-age' | 'newest-of-source' | 'newest-reset' | 'while-paused' | 'change' | 'newest-of-drill';

const rules = {
  'incident-opened': 'with-incident',
  'alert-fired': 'with-incident',
  'alert-cleared': 'with-incident',
  'decision-made': 'with-incident',
  'rung-started': 'with-incident',
  'verification-started': 'with-incident',
  'verification-ended': 'with-incident',
  'verification-repeated': 'with-incident',
  'needs-human': 'with-incident',
  'needs-human-lifted': 'with-incident',
  'approval-requested': 'with-incident',
  'approval-answered': 'with-incident',
  'approval-expired': 'with-incident',
  'approval-voided': 'with-incident',
  'incident-acknowledged': 'with-incident',
  'incident-escalated': 'with-incident',
  'incident-recovered': 'with-incident',
  'report-written': 'with-incident',
  'incident-closed': 'with-incident',
  'silence-created': 'with-incident',
  'silence-removed': 'with-incident',
  'silence-failed': 'with-incident',
  'rollback-started': 'with-incident',
  'step-attempt-started': 'with-incident',
  'step-attempt-failed': 'with-incident',
  'step-succeeded': 'with-incident',
  'step-described': 'with-incident',
  'step-failed': 'with-incident',
  'step-parked': 'with-incident',
  'step-skipped': 'with-incident',
  'rollback-over-budget': 'with-incident',
  'attempt-settled-late': 'with-incident',
  'cancel-requested': 'with-incident',
  'rollback-resumed': 'with-incident',
  'rollback-ended': 'with-incident',
  'daemon-started': 'by-age',
  'daemon-stopped': 'by-age',
  'configuration-reloaded': 'by-age',
  'configuration-refused': 'by-age',
  'journal-compacted': 'by-age',
  'channel-dead': 'by-age',
  'channel-back': 'by-age',
  'source-blind': 'newest-of-source',
  'source-seeing': 'newest-of-source',
  'budget-reset': 'newest-reset',
  paused: 'while-paused',
  resumed: 'while-paused',
  'change-marked': 'change',
  'drill-announced': 'newest-of-drill',
  'drill-started': 'newest-of-drill',
  'drill-ended': 'newest-of-drill',
  'drill-skipped': 'newest-of-drill',
} as const satisfies Record<JournalEvent['type'], RetentionRule>;

/** The types of lines that a rule is about. */
export function typesUnder(rule: RetentionRule): readonly JournalEvent['type'][] {
  return (Object.keys(rules) as JournalEvent['type'][]).filter((type) => rules[type] === rule);
}
