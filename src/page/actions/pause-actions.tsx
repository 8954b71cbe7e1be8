import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ActionDialog } from '../dialog/action-dialog.js';
import { openDialog } from '../dialog/dialogs.js';
import { May } from '../session/may.js';
import { pause, resume } from './commands.js';

/** Holds automatic rollbacks back, of one target or of all. */
export function PauseButton({ target }: { readonly target: string | undefined }): JSX.Element {
  return (
    <May role="operator">
      <button type="button" onClick={() => openDialog(<PauseDialog target={target} />)}>
        {target === undefined ? 'Pause all …' : 'Pause …'}
      </button>
    </May>
  );
}

const spans = ['15m', '1h', '4h', '1d'] as const;

function PauseDialog({ target }: { readonly target: string | undefined }): JSX.Element {
  const [lasts, setLasts] = useState('1h');
  return (
    <ActionDialog title={target === undefined ? 'Pause all automatic rollbacks' : `Pause automatic rollbacks of ${target}`} doIt="Pause" reason="required" run={(reason) => pause(target, reason, lasts === '' ? undefined : lasts)}>
      <p>Belay goes on watching and telling. A rollback that is under way ends before its next step and is left to a person.</p>
      <label for="lasts">For how long</label>
      <select id="lasts" value={lasts} onChange={(event) => setLasts(event.currentTarget.value)}>
        {spans.map((span) => (
          <option key={span}>{span}</option>
        ))}
        <option value="">until somebody resumes</option>
      </select>
    </ActionDialog>
  );
}

export function ResumeButton({ pauseId, target }: { readonly pauseId: string; readonly target: string | undefined }): JSX.Element {
  const dialog = (
    <ActionDialog title={target === undefined ? 'Resume automatic rollbacks' : `Resume automatic rollbacks of ${target}`} doIt="Resume" reason="optional" run={(reason) => resume(pauseId, reason)}>
      <p>Belay decides at once about everything that fires now.</p>
    </ActionDialog>
  );
  return (
    <May role="operator">
      <button type="button" onClick={() => openDialog(dialog)}>
        Resume …
      </button>
    </May>
  );
}
