import { levelNames } from '../decision/ladder.js';
import type { JournalEvent } from '../incident/incident-event.js';

export interface StoryLine {
  readonly tone: 'bad' | 'working' | 'good' | 'plain';
  readonly text: string;
}

/** What the demo tells of one journal line; nothing where the line is no news to somebody who watches. */
export function storyOf(event: JournalEvent): readonly StoryLine[] {
  switch (event.type) {
    case 'alert-fired': {
      const { trigger, value = 'unknown', condition, window } = event.evidence;
      return [{ tone: 'bad', text: `${trigger} fires: ${value}, condition ${condition} ${window}${event.duringRollback ? ' (during the rollback: evidence only)' : ''}` }];
    }
    case 'alert-cleared':
      return [{ tone: 'good', text: `${event.trigger} is clear` }];
    case 'decision-made':
      return event.decision.kind === 'suppress' ? [] : [{ tone: 'working', text: `decision: ${event.decision.kind}, ${event.decision.reason}. ${event.decision.explanation}` }];
    case 'rung-started':
      return [{ tone: 'working', text: `rollback${event.level === undefined ? '' : ` level ${event.level} (${levelNames[event.level]})`}: plan ${event.planId}` }];
    case 'step-attempt-started':
      return event.description === undefined ? [] : [{ tone: 'working', text: `  ${event.description.summary}` }];
    case 'step-succeeded':
      return [{ tone: 'good', text: `  done: ${event.stepKey.split('/').at(-1) ?? event.stepKey}` }];
    case 'step-failed':
      return [{ tone: 'bad', text: `  failed: ${event.stepKey}: ${event.error}` }];
    case 'verification-started':
      return [{ tone: 'working', text: `verification: all must be well for ${event.holdMs / 1000} s, within ${event.timeoutMs / 1000} s` }];
    case 'verification-ended':
      return [{ tone: event.result.outcome === 'recovered' ? 'good' : 'bad', text: `verification: ${event.result.outcome}. ${event.result.explanation}` }];
    case 'needs-human':
      return [{ tone: 'bad', text: `a person is needed: ${event.explanation}` }];
    case 'incident-recovered':
      return [{ tone: 'good', text: 'the incident is over: the shop has recovered' }];
    default:
      return [];
  }
}
