import type { RollbackPlan } from '../../src/index.js';

/** A plan of the shape that the user's documents give: exactly their fields, nothing of Belay's own. */
export function separationPlan(): RollbackPlan {
  return {
    id: 'storefront-split-rollback',
    name: 'Storefront split rollback',
    description: 'Back to the one storefront',
    phase: 'initial-separation',
    dependencies: [],
    estimatedDuration: 12,
    steps: [
      {
        id: 'notify-start',
        name: 'Tell people it begins',
        description: 'Everybody concerned hears of it',
        type: 'notification',
        parameters: {
          recipients: ['ops@shop.example', 'leads@shop.example'],
          channel: 'email',
          message: 'Rolling back the storefront split',
          details: { environment: '${context.environment}', trigger: '${context.trigger}', triggeredBy: '${context.triggeredBy}' },
        },
        timeout: 30,
      },
      {
        id: 'flag-off',
        name: 'New endpoints off',
        description: 'Callers use the old endpoints again',
        type: 'feature-flag',
        parameters: { flagKey: 'split-endpoints', targetState: false },
        timeout: 60,
      },
      {
        id: 'revert-frontend',
        name: 'Frontend back',
        description: 'The last release that used the old endpoints',
        type: 'deployment',
        parameters: { service: 'storefront', version: '4.2.0', environment: '${context.environment}' },
        timeout: 300,
        retryPolicy: { maxAttempts: 3, backoffMultiplier: 1.5 },
      },
      {
        id: 'revert-gateway',
        name: 'Gateway routes back',
        description: 'Routes of before the split',
        type: 'configuration',
        parameters: { service: 'gateway', configVersion: 'routes-7' },
        timeout: 120,
      },
      {
        id: 'verify-and-notify',
        name: 'Tell people it is over',
        description: 'Everybody concerned hears of the end',
        type: 'notification',
        parameters: { recipients: ['ops@shop.example'], channel: 'slack', message: 'Storefront split rolled back' },
        timeout: 60,
      },
    ],
  };
}
