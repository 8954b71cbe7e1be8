import type { JSX } from 'preact';
import type { Tone } from './tone.js';

// Drawn in a field of 16 by 16. A shape for each tone, so that colour is never alone.
const shapes: Readonly<Record<Tone, string>> = {
  bad: 'M8 1.5 15 14H1zM8 6v4M8 11.6v.8',
  ask: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1M8 11v.8',
  act: 'M13.5 8a5.5 5.5 0 0 1-9.9 3.3M2.5 8a5.5 5.5 0 0 1 9.9-3.3M12.6 1.6v3.2H9.4M3.4 14.4v-3.2h3.2',
  warn: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M8 4.5V8l2.4 1.6',
  blind: 'M2 2l12 12M6.4 3.6A7 7 0 0 1 14.6 8a9 9 0 0 1-1.8 2.5M10.6 12A7 7 0 0 1 1.4 8a9 9 0 0 1 2.4-3',
  paused: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M6.4 5.6v4.8M9.6 5.6v4.8',
  ok: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M5 8.2l2.2 2.2L11.2 6',
  idle: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M5 8h6',
};

/** Beside a word that says the same, so hidden from who listens. */
export function Icon({ tone }: { readonly tone: Tone }): JSX.Element {
  return (
    <svg class={`icon ${tone}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={shapes[tone]} />
    </svg>
  );
}
