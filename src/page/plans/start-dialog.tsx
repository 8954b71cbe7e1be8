import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PlanSummary, StepPreview } from '../../rollback/plan-description.js';
import { startRollback } from '../actions/commands.js';
import { typedConfirmation } from '../actions/typed-confirmation.js';
import { ActionDialog } from '../dialog/action-dialog.js';
import { useLive } from '../live/live.js';
import { goTo } from '../session/place.js';
import { levelText } from './plan-list.js';

interface StartDialogProps {
  readonly plan: PlanSummary;
  /** What was read of the real state, where it could be. */
  readonly steps: readonly StepPreview[] | undefined;
}

/** The start of a rollback by hand: what it changes once more, why, and for a database or a whole system its name typed out. */
export function StartDialog({ plan, steps = [] }: StartDialogProps): JSX.Element {
  const { id, name, target, level } = plan;
  const [isDryRun, setIsDryRun] = useState(false);
  const mode = useLive(({ status }) => status?.targets.find((candidate) => candidate.name === target)?.mode ?? status?.mode);
  const start = async (reason: string | undefined): Promise<void> => {
    const { incidentId } = await startRollback(id, reason, isDryRun);
    goTo({ view: 'incident', id: incidentId });
  };
  const typed = isDryRun ? undefined : typedConfirmation(level, target ?? id);
  return (
    <ActionDialog title={`Start “${name}”`} doIt={isDryRun ? 'Start the dry run' : 'Start the rollback'} reason="required" isGrave={!isDryRun} typed={typed} run={start}>
      <p>
        {levelText(plan)}
        {target !== undefined && ` of ${target}`}
        {mode === 'enforce' ? '.' : `. The target is in mode ${mode ?? ''}: nothing will be changed.`}
      </p>
      {steps.length > 0 && (
        <ol class="summary">
          {steps.map(({ key, name: stepName, summary, error, skipped }) => (
            <li key={key} class={error === undefined ? undefined : 'bad'}>
              {summary ?? error ?? (skipped === undefined ? stepName : `${stepName}: left out, ${skipped}`)}
            </li>
          ))}
        </ol>
      )}
      <p class="dim">It skips window, cooldown and freeze. It does not skip the lock of the target, the check of the backup or an approval.</p>
      <label class="check">
        <input type="checkbox" checked={isDryRun} onChange={(event) => setIsDryRun(event.currentTarget.checked)} /> Dry run: change nothing
      </label>
    </ActionDialog>
  );
}
