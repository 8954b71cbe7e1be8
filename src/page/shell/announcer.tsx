import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLive } from '../live/live.js';
import type { LiveState } from '../live/live-state.js';
import { headline } from '../overview/headline.js';

/** Tells who listens, in the title of the tab and by a polite announcement, when the headline or the connection changes. */
export function Announcer(): JSX.Element {
  const said = useLive(announcement);
  const tab = useLive((state) => (state.status === undefined ? 'Belay' : `${headline(state).short} · Belay`));
  const first = useRef(said);
  const [text, setText] = useState('');
  useEffect(() => {
    document.title = tab;
  }, [tab]);
  useEffect(() => {
    // What stands on the page when it is opened is read there.
    if (first.current !== said) setText(said);
    first.current = said;
  }, [said]);
  return (
    <p class="hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}

function announcement(state: LiveState): string {
  const { connection, status } = state;
  if (connection.kind === 'lost') return 'Disconnected from Belay. What is shown is old.';
  return status === undefined ? '' : headline(state).text;
}
