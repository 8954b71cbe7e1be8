import type { Command } from 'commander';
import { subjectText } from '../../decision/approval.js';
import type { ApprovalView } from '../../http/guard-api.js';
import { daemonOf } from '../context.js';
import { Output } from '../output.js';

/** `belay approve ID` and `belay reject ID`. */
export function approvalCommands(program: Command): void {
  for (const decision of ['approve', 'reject'] as const) {
    program
      .command(decision)
      .argument('<id>', 'the approval, or the incident or rollback that waits for it alone')
      .description(decision === 'approve' ? 'agree to a rollback that waits, or start a scheduled one at once' : 'refuse a rollback that waits or is scheduled: a person is needed then')
      .option('--reason <text>', 'why; it stands on the incident')
      .option('--json', 'for scripts')
      .action(async (id: string, { reason, json }: { reason?: string; json?: boolean }, command: Command) => {
        const daemon = await daemonOf(command);
        const approval = await daemon.post<ApprovalView>(`/api/v1/approvals/${encodeURIComponent(id)}`, { decision, reason });
        new Output().done({ json }, resultText(approval), approval);
      });
  }
}

function resultText(approval: ApprovalView): string {
  const { status, target, missing, id } = approval;
  const what = `${subjectText(approval)} of ${target}`;
  return status === 'requested' ? `taken; ${what} still waits for ${missing.join(' and ')}  ${id}` : `${status}: ${what}  ${id}`;
}
