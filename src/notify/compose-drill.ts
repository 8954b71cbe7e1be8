import { drillCommand } from '../drill/drill.js';
import type { DrillEvent, DrillStep, DrillSubject } from '../incident/drill-event.js';
import type { Facts } from './incident-facts.js';
import { DRILL_MARK } from './marked-title.js';
import type { Message, MessageTone } from './message.js';
import { readableInstant, readableSpan } from './readable-time.js';

/** What a drill tells the team: before it, when it begins, and how it ended. Marked, and answered by nobody. */
export function composeDrill(event: DrillEvent): readonly Message[] {
  const name = drillName(event.drill);
  switch (event.type) {
    case 'drill-announced':
      return [
        message('neutral', `${name} begins ${readableInstant(event.dueAt)}`, {
          text: event.against === undefined ? quietText(event.drill) : `It really runs on the systems of ${event.against}.`,
          facts: [...targetFacts(event.targets), ['begins', readableInstant(event.dueAt)]],
          next: 'Nothing is to be done. A pause of the target, or a real incident, calls it off.',
        }),
      ];
    case 'drill-started':
      return [
        message('working', `${name} has begun${event.trigger === 'manual' ? `, by ${event.by}` : ''}`, {
          text: event.against === undefined ? quietText(event.drill) : `It really runs on the systems of ${event.against}.`,
          facts: [...targetFacts(event.targets), ...(event.documentedMs === undefined ? [] : [['documented', readableSpan(0, event.documentedMs)] as const]), ['run', event.executionId]],
          next: 'You are told how it ends. A real incident ends it at once.',
        }),
      ];
    case 'drill-ended': {
      const { outcome, gaps, explanation, steps, tookMs, executionId } = event;
      const tone: MessageTone = outcome === 'failed' ? 'bad' : outcome === 'passed' && gaps.length === 0 ? 'good' : 'neutral';
      return [
        message(tone, `${name} ${endWords(outcome, gaps.length)}`, {
          text: explanation,
          facts: [
            ...(gaps.length === 0 ? [] : [['gaps', gaps.join('\n')] as const]),
            ...(steps.length === 0 ? [] : [['steps', steps.map(stepLine).join('\n')] as const]),
            ['took', readableSpan(0, tookMs)],
            ['run', executionId],
          ],
          next: outcome === 'passed' && gaps.length === 0 ? 'Nothing is to be done.' : outcome === 'cancelled' || outcome === 'interrupted' ? `To hold it again: ${drillCommand(event.drill)}` : `Mend what is listed, or correct what is documented; then ${drillCommand(event.drill)}`,
        }),
      ];
    }
    case 'drill-skipped':
      return [
        message('neutral', `${name} was not held`, {
          text: `${event.explanation.charAt(0).toUpperCase()}${event.explanation.slice(1)}.`,
          facts: [['was due', readableInstant(event.dueAt)]],
          next: `It comes again by its schedule. To hold it now: ${drillCommand(event.drill)}`,
        }),
      ];
    default:
      throw new TypeError(`unknown drill event ${JSON.stringify(event satisfies never)}`);
  }
}

/** As people read it behind the mark in a title. */
function drillName({ kind, name }: DrillSubject): string {
  return kind === 'plan' ? `plan ${name}` : kind === 'backup' ? `backup of ${name}` : `ways to people (${name})`;
}

function quietText({ kind }: DrillSubject): string {
  return kind === 'plan' ? 'Every real state is read and nothing is changed.' : kind === 'backup' ? 'The newest backup is looked at and restored where nobody uses it; nothing in use is touched.' : 'A test message comes to each channel.';
}

function endWords(outcome: string, gaps: number): string {
  if (outcome === 'passed') return gaps === 0 ? 'went well' : `went well, with ${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`;
  return outcome === 'failed' ? 'failed' : `was ${outcome}`;
}

function stepLine({ name, status, tookMs, documentedMs, detail }: DrillStep): string {
  const times = tookMs === undefined ? '' : ` (took ${readableSpan(0, tookMs)}${documentedMs === undefined ? '' : `, documented ${readableSpan(0, documentedMs)}`})`;
  return `${status}: ${name}${times}${detail === undefined ? '' : ` — ${detail}`}`;
}

function targetFacts(targets: readonly string[]): Facts {
  return targets.length === 0 ? [] : [['target', targets.join(', ')]];
}

function message(tone: MessageTone, title: string, { text, facts, next }: { readonly text: string; readonly facts: Facts; readonly next: string }): Message {
  return { kind: 'drill', tone, dryRun: false, title: `${DRILL_MARK}: ${title}`, text, facts, next };
}
