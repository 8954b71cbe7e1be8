import type { JSX } from 'preact';
import type { ApprovalView } from '../../http/guard-api.js';
import { ActionDialog } from '../dialog/action-dialog.js';
import { openDialog } from '../dialog/dialogs.js';
import { May } from '../session/may.js';
import { Until } from '../view/times.js';
import { answerApproval } from './commands.js';
import { typedConfirmation } from './typed-confirmation.js';

interface ApprovalQuestionProps {
  readonly approval: Omit<ApprovalView, 'incidentId' | 'target'>;
  readonly target: string;
}

/** One open question on an incident, and the two answers for those who may give them. */
export function ApprovalQuestion({ approval, target }: ApprovalQuestionProps): JSX.Element {
  const { question, purpose, expiresAt, missing, answers, requestedBy } = approval;
  const answer = (decision: 'approve' | 'reject'): void => openDialog(<AnswerDialog approval={approval} target={target} decision={decision} />);
  return (
    <div class="question ask">
      <p>
        <strong>{question}</strong>
      </p>
      <p class="dim">
        {purpose === 'schedule' ? 'It starts by itself in ' : 'The question runs out in '}
        <Until at={expiresAt} />. {requestedBy !== undefined && `Asked for by ${requestedBy}. `}
        {answers.length > 0 && `Agreed so far: ${answers.map(({ by }) => by).join(', ')}. `}
        {missing.length > 0 && `Missing: ${missing.join(', ')}.`}
      </p>
      <May role="approver">
        <div class="buttons">
          <button type="button" class="primary" onClick={() => answer('approve')}>
            Approve …
          </button>
          <button type="button" onClick={() => answer('reject')}>
            Reject …
          </button>
        </div>
      </May>
    </div>
  );
}

function AnswerDialog({ approval: { id, planId, level, question }, target, decision }: ApprovalQuestionProps & { readonly decision: 'approve' | 'reject' }): JSX.Element {
  const isApproval = decision === 'approve';
  const typed = isApproval ? typedConfirmation(level, target) : undefined;
  return (
    <ActionDialog
      title={`${isApproval ? 'Approve' : 'Reject'} plan ${planId} on ${target}`}
      doIt={isApproval ? 'Approve' : 'Reject'}
      reason="optional"
      isGrave={typed !== undefined}
      typed={typed}
      run={(reason) => answerApproval(id, decision, reason)}
    >
      <p>{question}</p>
    </ActionDialog>
  );
}
