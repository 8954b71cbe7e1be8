import type { AlertView } from '../../http/guard-api.js';
import { formatDuration } from '../../time/duration.js';

/** What the window of an alert has of what it needs: `2m10s of 5m`, `3 of 4 samples`. */
export function windowFillText(fill: AlertView['windowProgress']): string {
  const { samples, rising } = fill;
  const besides = [...(samples === undefined ? [] : [`${samples.filled} of ${samples.needed} samples`]), ...(rising === undefined ? [] : [rising ? 'rising' : 'not rising'])];
  return [lastedText(fill), ...besides].join(', ');
}

function lastedText(fill: AlertView['windowProgress']): string {
  switch (fill.kind) {
    case 'for':
      return `${wholeSeconds(fill.filledMs)} of ${formatDuration(fill.neededMs)}`;
    case 'share':
      return `${wholeSeconds(fill.filledMs)} of ${formatDuration(fill.neededMs)} within ${formatDuration(fill.ofMs)}`;
    case 'consecutive':
      return `${fill.filled} of ${fill.needed} in a row`;
    default:
      return fill satisfies never;
  }
}

function wholeSeconds(ms: number): string {
  return formatDuration(Math.floor(ms / 1_000) * 1_000);
}
