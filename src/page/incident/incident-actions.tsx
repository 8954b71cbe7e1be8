import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Incident } from '../../incident/incident.js';
import { acknowledge, cancelRollback, closeIncident } from '../actions/commands.js';
import { ActionDialog } from '../dialog/action-dialog.js';
import { openDialog } from '../dialog/dialogs.js';
import { useStore } from '../live/store.js';
import { May } from '../session/may.js';
import { session } from '../session/session.js';
import { rungName } from './doing-now.js';

/** What an operator can do about an open incident. */
export function IncidentActions({ incident }: { readonly incident: Incident }): JSX.Element | null {
  const { id, target, status, rungs } = incident;
  const rung = rungs.at(-1);
  if (status === 'recovered' || status === 'closed') return null;
  const runs = rung !== undefined && (status === 'rolling-back' || status === 'verifying');
  return (
    <May role="operator">
      <div class="buttons">
        <Acknowledge incident={incident} />
        {runs && (
          <button
            type="button"
            class="grave"
            onClick={() =>
              openDialog(
                <ActionDialog title={status === 'verifying' ? 'Stop the verification' : 'Cancel the rollback'} doIt={status === 'verifying' ? 'Stop it' : 'Cancel the rollback'} reason="none" isGrave run={() => cancelRollback(rung.executionId)}>
                  <p>{rungName(rung)} on {target} is stopped once its present step has really ended. Nothing is put back by that, and a person is asked what to do.</p>
                </ActionDialog>,
              )
            }
          >
            {status === 'verifying' ? 'Stop verifying …' : 'Cancel rollback …'}
          </button>
        )}
        {!runs && (
          <button
            type="button"
            onClick={() =>
              openDialog(
                <ActionDialog title={`Close the incident of ${target}`} doIt="Close the incident" reason="required" run={(reason) => closeIncident(id, reason)}>
                  <p>Belay does nothing more about it. What still fires then begins a new incident only when it has been clear in between.</p>
                </ActionDialog>,
              )
            }
          >
            Close …
          </button>
        )}
      </div>
    </May>
  );
}

function Acknowledge({ incident: { id, acknowledged } }: { readonly incident: Incident }): JSX.Element {
  const name = useStore(session, (current) => (current.kind === 'signed-in' ? current.name : ''));
  const [refusal, setRefusal] = useState<string>();
  const isDone = acknowledged.some(({ by }) => by === name);
  return (
    <>
      <button type="button" disabled={isDone} onClick={() => void acknowledge(id).then(() => setRefusal(undefined), (error: unknown) => setRefusal(String(error)))}>
        {isDone ? 'You have seen it' : 'I have seen it'}
      </button>
      {refusal !== undefined && (
        <span class="error" role="alert">
          {refusal}
        </span>
      )}
    </>
  );
}
