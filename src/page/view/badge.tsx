import type { JSX } from 'preact';
import { Icon } from './icon.js';
import type { StateWord } from './tone.js';

/** A state as shape, colour and word. */
export function Badge({ tone, word }: StateWord): JSX.Element {
  return (
    <span class={`badge ${tone}`}>
      <Icon tone={tone} />
      {word}
    </span>
  );
}
