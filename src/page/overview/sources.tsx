import type { JSX } from 'preact';
import type { SourceView } from '../../http/guard-api.js';
import { useLive } from '../live/live.js';
import { Badge } from '../view/badge.js';
import type { StateWord } from '../view/tone.js';

const words: Readonly<Record<SourceView['state'], StateWord>> = {
  seeing: { tone: 'ok', word: 'seeing' },
  blind: { tone: 'blind', word: 'blind' },
  unknown: { tone: 'idle', word: 'no answer yet' },
};

export function Sources(): JSX.Element | null {
  const sources = useLive(({ status }) => status?.sources ?? none);
  if (sources.length === 0) return null;
  return (
    <section aria-labelledby="sources">
      <h2 id="sources">Sources</h2>
      <ul class="chips">
        {sources.map(({ name, state }) => (
          <li key={name}>
            {name} <SourceBadge name={name} state={state} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A source is told to be blind only after a while; that nothing it is asked is answered shows at once. */
function SourceBadge({ name, state }: Pick<SourceView, 'name' | 'state'>): JSX.Element {
  const isSilent = useLive(({ triggers }) => state === 'unknown' && [...triggers.values()].some(({ source, health }) => source === name && health === 'err'));
  return <Badge {...(isSilent ? { tone: 'blind', word: 'no usable answer' } : words[state])} />;
}

const none = [] as const;
