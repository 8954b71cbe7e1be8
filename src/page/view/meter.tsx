import type { JSX } from 'preact';
import type { Tone } from './tone.js';

interface MeterProps {
  /** What fills up, for who listens. */
  readonly label: string;
  /** 0 to 1. */
  readonly ratio: number;
  readonly text: string;
  readonly tone: Tone;
}

/** How much of something is full. */
export function Meter({ label, ratio, text, tone }: MeterProps): JSX.Element {
  const percent = Math.round(Math.min(1, Math.max(0, ratio)) * 100);
  return (
    <div class="meter-line">
      <div class={`meter ${tone}`} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} aria-valuetext={text}>
        <span style={{ width: `${percent}%` }} />
      </div>
      <span class="num">{text}</span>
    </div>
  );
}
