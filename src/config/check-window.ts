import { formatDuration } from '../time/duration.js';
import { FEWEST_TREND_SLOTS } from '../trigger/trend.js';
import type { BelayPart } from './belay-part.js';
import { HEALTH } from './health-source.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';

/** Whether a window can ever be filled in the way that is asked. */
export function checkWindow({ document, path, target, written, fields }: TriggerPart, belay: BelayPart | undefined): readonly Problem[] {
  const isConsecutive = typeof fields.for === 'object' && fields.for.consecutive !== undefined;
  const clash = (key: string, hint: string): Problem => document.problem([...path, key], `"${key}" has no place with "consecutive", which counts samples itself`, { atKey: true, hint });
  const forMs = typeof fields.for === 'object' ? fields.for.for : fields.for;
  const source = typeof written['source'] === 'string' ? written['source'] : [...(belay?.sources?.keys() ?? [])][0];
  const interval = source === HEALTH ? belay?.targets?.get(target ?? '')?.health?.interval : belay?.sources?.get(source ?? '')?.interval;
  const shortestMs = FEWEST_TREND_SLOTS * (interval ?? 0);
  return [
    ...(isConsecutive && written['minSamples'] !== undefined ? [clash('minSamples', 'take it out')] : []),
    ...(isConsecutive && written['trend'] !== undefined ? [clash('trend', 'write how long it must be growing, such as for: 30m')] : []),
    ...(fields.trend !== undefined && forMs !== undefined && forMs < shortestMs
      ? [
          document.problem([...path, 'for'], `no trend can be told within ${formatDuration(forMs)} from a value every ${formatDuration(interval ?? 0)}`, {
            hint: `it takes ${FEWEST_TREND_SLOTS} values: write ${formatDuration(shortestMs)} or longer`,
          }),
        ]
      : []),
  ];
}
