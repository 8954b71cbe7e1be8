import type { JSX } from 'preact';
import type { AlertView } from '../../http/guard-api.js';
import { Meter } from '../view/meter.js';
import { Since, Until } from '../view/times.js';
import type { Tone } from '../view/tone.js';
import { windowFillText } from './window-text.js';

interface AlertLineProps {
  readonly alert: AlertView;
  readonly isBlind: boolean;
  readonly hasLabels: boolean;
}

/** The value of one series, and how full its window is. While Belay does not see, there is no value. */
export function AlertLine({ alert, isBlind, hasLabels }: AlertLineProps): JSX.Element {
  const { labels, value, state, windowProgress, firedAt } = alert;
  const tone: Tone = state === 'firing' ? 'bad' : isBlind ? 'blind' : state === 'pending' ? 'warn' : 'ok';
  return (
    <div class="alert-line">
      {hasLabels && <span class="labels">{labelText(labels)}</span>}
      <span class={`value ${tone}`}>{isBlind ? 'unknown' : (value ?? 'no value yet')}</span>
      <Meter label="Window" ratio={windowProgress.ratio} text={state === 'inactive' ? 'window empty' : windowFillText(windowProgress)} tone={tone} />
      <span class="dim">
        {state === 'firing' && firedAt !== undefined && (
          <>
            fires for <Since at={firedAt} />
          </>
        )}
        {state === 'pending' && !isBlind && windowProgress.dueAt !== undefined && (
          <>
            fires in <Until at={windowProgress.dueAt} /> if it goes on
          </>
        )}
      </span>
    </div>
  );
}

export function labelText(labels: AlertView['labels']): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? 'without labels' : parts.join(', ');
}
