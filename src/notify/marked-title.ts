import type { Message } from './message.js';

/** The first word of every message of a drill. */
export const DRILL_MARK = 'DRILL';

/** The first words of every message of a dry run. */
export const DRY_RUN_MARK = 'DRY RUN: ';

/** Whatever a template says: what is not real, and what is practised, is known by its first words. */
export function markedTitle({ dryRun, kind, title }: Pick<Message, 'dryRun' | 'kind' | 'title'>): string {
  const whole = kind === 'drill' && !title.startsWith(DRILL_MARK) ? `${DRILL_MARK}: ${title}` : title;
  return dryRun ? `${DRY_RUN_MARK}${whole}` : whole;
}
