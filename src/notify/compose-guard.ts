import type { GuardEvent, LeftBehind } from '../incident/incident-event.js';
import { channelText, type Message } from './message.js';
import { readableInstant, readableSpan } from './readable-time.js';

/** A restart that takes no longer is not worth a message. */
const NOTABLE_DOWNTIME_MS = 60_000;
const MOST_PROBLEMS_LISTED = 20;
const MOST_TARGETS_IN_TITLE = 3;
const MOST_TARGETS_LISTED = 10;

/** What happens to the guard itself, where people should know. */
export function composeGuard(event: GuardEvent): readonly Message[] {
  switch (event.type) {
    case 'source-blind':
      return [
        about(event.targets, {
          kind: 'blind',
          tone: 'bad',
          title: `Belay is blind: ${event.source} gives no answer${aboutTargets(event.targets)}`,
          text: event.message,
          facts: [
            ['source', event.source],
            ['targets', event.targets.join(', ')],
            ['since', `${readableInstant(event.since)}, ${readableSpan(event.since, event.at)} ago`],
          ],
          next: 'Nothing is rolled back blindly: what was being counted stands still, and goes on when the source answers. You are told when it does.',
        }),
      ];
    case 'source-seeing':
      return [
        about(event.targets, {
          kind: 'seeing',
          tone: 'good',
          title: `Belay sees again: ${event.source} answers${aboutTargets(event.targets)}`,
          text: `It had given no answer for ${readableSpan(0, event.blindForMs)}.`,
          facts: [
            ['source', event.source],
            ['targets', event.targets.join(', ')],
            ['blind', `${readableInstant(event.at - event.blindForMs)} to ${readableInstant(event.at)}`],
          ],
          next: 'The targets are guarded again.',
        }),
      ];
    case 'channel-dead':
      return [
        about([], {
          kind: 'guard',
          tone: 'bad',
          title: `Belay cannot tell people by ${channelText(event.channel)}: it takes no messages`,
          text: event.error,
          facts: [
            ['channel', channelText(event.channel)],
            ['since', `${readableInstant(event.since)}, ${readableSpan(event.since, event.at)} ago`],
            ['waiting', String(event.waiting)],
            ['instead', event.instead === undefined ? 'no other channel takes messages' : channelText(event.instead)],
          ],
          next: `Nothing is lost: what waits is tried again${event.instead === undefined ? '' : `, and goes by ${channelText(event.instead)} meanwhile`}. You are told when it is back.`,
        }),
      ];
    case 'channel-back':
      return [
        about([], {
          kind: 'guard',
          tone: 'good',
          title: `Belay tells people by ${channelText(event.channel)} again`,
          text: `It had taken no message for ${readableSpan(0, event.deadForMs)}.`,
          facts: [['channel', channelText(event.channel)]],
          next: 'What waited for it follows now.',
        }),
      ];
    case 'silence-failed':
      return [
        about([event.target], {
          kind: 'guard',
          tone: 'neutral',
          title: event.doing === 'create' ? `${event.target}: Alertmanager could not be quietened` : `${event.target}: the silence in Alertmanager could not be ended`,
          text: event.message,
          facts: [['source', event.source], ['incident', event.incidentId]],
          next: event.doing === 'create' ? 'The rollback goes on; its alerts make noise.' : 'It ends by itself; until then alerts of the target tell nobody. End it by hand: amtool silence query, amtool silence expire.',
        }),
      ];
    case 'silence-created':
    case 'silence-removed':
      return [];
    case 'daemon-started':
      if (event.downForMs === undefined || event.downForMs < NOTABLE_DOWNTIME_MS) return [];
      return [
        about([], {
          kind: 'guard',
          tone: 'neutral',
          title: `Belay is back after ${readableSpan(0, event.downForMs)}`,
          text: 'Nothing was watched meanwhile. The time does not count toward any breach; incidents and rollbacks go on where they stood.',
          facts: [
            ['down', `${readableInstant(event.at - event.downForMs)} to ${readableInstant(event.at)}`],
            ...factsOfLeft(event.left),
            ['version', event.version],
            ['mode', event.mode],
          ],
          next: 'The targets are guarded again.',
        }),
      ];
    case 'paused':
      return [
        about(event.target === undefined ? [] : [event.target], {
          kind: 'guard',
          tone: 'neutral',
          title: `Automatic rollbacks of ${event.target ?? 'all targets'} are paused by ${event.by}`,
          text: event.reason,
          facts: [
            ['targets', event.target ?? 'all'],
            ['until', event.until === undefined ? 'somebody resumes' : readableInstant(event.until)],
          ],
          next: `Belay watches and tells, and starts nothing by itself. To end it: belay resume${event.target === undefined ? '' : ` --target ${event.target}`}`,
        }),
      ];
    case 'resumed':
      return [
        about(event.target === undefined ? [] : [event.target], {
          kind: 'guard',
          tone: 'neutral',
          title: `Automatic rollbacks of ${event.target ?? 'all targets'} are resumed by ${event.by}`,
          text: event.reason ?? 'The pause is over.',
          facts: [['targets', event.target ?? 'all']],
          next: 'What fires now is decided upon at once.',
        }),
      ];
    case 'configuration-refused': {
      const rest = event.problems.length - MOST_PROBLEMS_LISTED;
      return [
        about([], {
          kind: 'guard',
          tone: 'bad',
          title: `Belay refused a new configuration: ${event.problems.length} ${event.problems.length === 1 ? 'problem' : 'problems'}`,
          text: [...event.problems.slice(0, MOST_PROBLEMS_LISTED), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'),
          facts: [],
          next: 'The configuration that was in force stays in force. To see every problem: belay check',
        }),
      ];
    }
    case 'daemon-stopped':
    case 'budget-reset':
    case 'change-marked':
    case 'journal-compacted':
    case 'configuration-reloaded':
      return [];
    default:
      throw new TypeError(`unknown guard event ${JSON.stringify(event satisfies never)}`);
  }
}

function about(targets: readonly string[], message: Omit<Message, 'dryRun' | 'target' | 'incidentId'>): Message {
  return { ...message, dryRun: false, target: targets.length === 1 ? targets[0] : undefined };
}

function factsOfLeft(left: LeftBehind | undefined): Message['facts'] {
  if (left === undefined) return [];
  const { targets, triggers, openIncidents, messages } = left;
  return [
    ['unwatched', `${firstOf(targets, MOST_TARGETS_LISTED)} (${triggers} ${triggers === 1 ? 'trigger' : 'triggers'})`],
    ['incidents', openIncidents.length === 0 ? 'none was open' : `${firstOf(openIncidents, MOST_TARGETS_LISTED)} left alone`],
    ['messages', messages === 0 ? 'none waited' : `${messages} waited`],
  ];
}

function firstOf(names: readonly string[], most: number): string {
  const more = names.length - most;
  return `${names.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function aboutTargets(targets: readonly string[]): string {
  return targets.length === 0 ? '' : ` about ${firstOf(targets, MOST_TARGETS_IN_TITLE)}`;
}
