import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../session/api.js';
import { closeDialog, Dialog } from './dialogs.js';

interface ActionDialogProps {
  readonly title: string;
  /** What the button says, which is what it does. */
  readonly doIt: string;
  readonly reason: 'required' | 'optional' | 'none';
  readonly isGrave?: boolean;
  /** What must be typed before it can be done. */
  readonly typed?: string | undefined;
  readonly wide?: boolean;
  readonly children?: ComponentChildren;
  /** Rejects with `ApiError`, which is shown. */
  readonly run: (reason: string | undefined) => Promise<void>;
}

/** Asks once more, and for the reason that is written into the journal, before something is done. */
export function ActionDialog({ title, doIt, reason: wants, isGrave = false, typed, wide = false, children, run }: ActionDialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [confirmation, setConfirmation] = useState('');
  const [state, setState] = useState<{ readonly busy: boolean; readonly refusal?: string }>({ busy: false });
  const isReady = (wants !== 'required' || reason.trim() !== '') && (typed === undefined || confirmation.trim() === typed);
  const submit = async (): Promise<void> => {
    setState({ busy: true });
    try {
      await run(reason.trim() === '' ? undefined : reason.trim());
      closeDialog();
    } catch (error) {
      setState({ busy: false, refusal: error instanceof ApiError ? error.message : String(error) });
    }
  };
  return (
    <Dialog title={title} wide={wide}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !state.busy) void submit();
        }}
      >
        {children}
        {wants !== 'none' && (
          <>
            <label for="reason">Reason{wants === 'optional' && <span class="dim"> (optional)</span>}</label>
            <textarea id="reason" rows={2} maxLength={1_000} value={reason} required={wants === 'required'} autofocus onInput={(event) => setReason(event.currentTarget.value)} />
          </>
        )}
        {typed !== undefined && (
          <>
            <label for="confirmation">
              Type <code>{typed}</code> to confirm
            </label>
            <input id="confirmation" autocomplete="off" autocapitalize="off" spellcheck={false} value={confirmation} onInput={(event) => setConfirmation(event.currentTarget.value)} />
          </>
        )}
        <p class="error" role="alert">
          {state.refusal}
        </p>
        <div class="buttons">
          <button type="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class={isGrave ? 'grave' : 'primary'} disabled={!isReady || state.busy}>
            {state.busy ? 'Working …' : doIt}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
