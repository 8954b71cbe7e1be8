import type { RollbackContext } from '../../rollback/rollback-plan.js';

/** What a `notification` step wants people to be told. */
export interface PlanNotification {
  /** Addresses or names, as the plan writes them. */
  readonly recipients: readonly string[];
  readonly channel: 'email' | 'slack' | 'webhook';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly context: RollbackContext;
  /** Names the step of its execution: said again after a crash, it is the same message. */
  readonly stepOfExecution?: string | undefined;
}

/** Takes messages of plans over. `enqueue` resolves once the message is durable; delivery is not waited for. */
export interface PlanNotifier {
  enqueue(notification: PlanNotification): Promise<void>;
}
