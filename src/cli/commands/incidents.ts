import { InvalidArgumentError, type Command } from 'commander';
import type { IncidentSummary } from '../../http/guard-api.js';
import type { Incident } from '../../incident/incident.js';
import { BelayError } from '../../fault/belay-error.js';
import { daemonOf } from '../context.js';
import { incidentText, statusText } from '../incident-text.js';
import { instantText } from '../../time/instant-text.js';
import type { DaemonClient } from '../daemon-client.js';
import { watchDaemon } from '../live/watch-daemon.js';
import { Output } from '../output.js';

/** `belay incidents [ID]`, `belay ack ID` and `belay close ID`. */
export function incidentCommands(program: Command): void {
  program
    .command('incidents')
    .argument('[id]', 'one incident, in full')
    .description('what has happened, newest first')
    .option('--target <name>', 'of one target')
    .option('--limit <count>', 'how many', wholeNumber, 20)
    .option('-f, --follow', 'go on showing one incident until it ends, or until ctrl-c')
    .option('--json', 'for scripts; with --follow a line for each event')
    .addHelpText('after', '\nExamples:\n  belay incidents --target checkout --limit 5\n  belay incidents 019e1b1e-0000-7000-8000-000000000000\n  belay incidents 019e1b1e-0000-7000-8000-000000000000 --follow')
    .action(async (id: string | undefined, options: IncidentsOptions, command: Command) => {
      if (id === undefined && options.follow === true) throw new BelayError('wrong-use', 'say which incident to follow: belay incidents ID --follow (belay incidents lists them)');
      const daemon = await daemonOf(command);
      const output = new Output();
      if (id !== undefined) {
        const incident = await daemon.get<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}`);
        if (options.follow === true && incident.endedAt === undefined) {
          await followIncident(daemon, incident, options);
          return;
        }
        if (options.json === true) output.json(incident);
        else output.answer(incidentText(incident, output));
        return;
      }
      const { incidents } = await daemon.get<{ incidents: readonly IncidentSummary[] }>('/api/v1/incidents', { target: options.target, limit: options.limit });
      if (options.json === true) output.json({ incidents });
      else if (incidents.length === 0) output.answer('no incidents');
      else output.answer(output.table(incidents.map((incident) => [instantText(incident.openedAt), incident.target, statusText(incident.status, output), incident.id])));
    });

  program
    .command('ack')
    .argument('<id>', 'the incident')
    .description('say that you have seen an incident; everybody is shown it')
    .option('--json', 'for scripts')
    .action(async (id: string, options: { json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post(`/api/v1/incidents/${encodeURIComponent(id)}/ack`);
      new Output().done(options, `acknowledged ${id}`, { acknowledged: id });
    });

  program
    .command('close')
    .argument('<id>', 'the incident')
    .description('close an incident by hand')
    .requiredOption('--reason <text>', 'why')
    .option('--json', 'for scripts')
    .action(async (id: string, options: { reason: string; json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post(`/api/v1/incidents/${encodeURIComponent(id)}/close`, { reason: options.reason });
      new Output().done(options, `closed ${id}`, { closed: id });
    });
}

interface IncidentsOptions {
  readonly target?: string;
  readonly limit: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Until the incident has ended. One that ended while nothing was heard is asked for once more. */
async function followIncident(daemon: DaemonClient, begun: Incident, options: IncidentsOptions): Promise<void> {
  let incident = begun;
  await watchDaemon(daemon, options, {
    linesOf: (_picture, output) => incidentText(incident, output).split('\n'),
    concerns: (heard) => heard.name === 'disconnected' || heard.name === 'snapshot' || (heard.name === 'incident' && heard.data.id === begun.id),
    async isOver(picture) {
      incident = picture.incidents.get(begun.id) ?? (await daemon.get<Incident>(`/api/v1/incidents/${encodeURIComponent(begun.id)}`));
      return incident.endedAt !== undefined;
    },
  });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('it must be a whole number from 1');
  return number;
}
