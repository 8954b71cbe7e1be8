import type { Config } from '../config/config.js';
import type { Problem } from '../config/problem.js';
import { drillCommand, drillKey, plansToDrill } from '../drill/drill.js';
import { applyToDrills, type DrillHistory, drillWarning } from '../drill/drill-history.js';
import { errorText } from '../fault/belay-error.js';
import { drillEventTypes, type DrillSubject } from '../incident/drill-event.js';

/** What was never drilled, or whose last drill failed, as the store beside the files tells it. Warnings, which fail nothing. */
export async function drillProblems(config: Config): Promise<readonly Problem[]> {
  const subjects = subjectsOf(config);
  if (subjects.length === 0) return [];
  // Its library takes longer to load than all the rest, so that only this command does.
  const { readJournal } = await import('../store/read-journal.js');
  let history: DrillHistory | undefined;
  try {
    history = readJournal(config.storePath, { types: drillEventTypes })?.reduce<DrillHistory>((known, { event }) => applyToDrills(known, event), new Map());
  } catch (error) {
    return [warning(config, `whether anything was drilled cannot be told: ${errorText(error)}`)];
  }
  if (history === undefined) return [warning(config, `nothing was drilled yet, for no daemon has run here: ${subjects.map(({ name }) => name).join(', ')}`, 'once the daemon runs: belay drill PLAN')];
  const known = history;
  return subjects.flatMap((subject) => {
    const words = drillWarning(subject, known.get(drillKey(subject)));
    return words === undefined ? [] : [warning(config, words, drillCommand(subject))];
  });
}

/** What is declared to be practised, and what Belay may start by itself. */
function subjectsOf({ drills, plans }: Config): readonly DrillSubject[] {
  return [...new Map([...drills, ...plansToDrill(plans)].map(({ kind, name }) => [drillKey({ kind, name }), { kind, name }])).values()];
}

function warning({ file }: Config, message: string, hint?: string): Problem {
  return { file, line: 1, column: 1, path: 'drills', message, hint, severity: 'warning' };
}
