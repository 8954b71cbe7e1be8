import type { Config } from '../config/config.js';
import type { GuardStore } from '../guard/guard-store.js';
import { foldIncident } from '../incident/incident.js';
import type { LeftBehind } from '../incident/incident-event.js';
import type { ChannelName } from '../notify/message.js';
import type { Outbox } from '../notify/outbox.js';

/** More messages than that are not counted. */
const MOST_MESSAGES = 1_000;

/** What nobody has looked after while no daemon was there. */
export async function leftBehind({ targets, triggers }: Pick<Config, 'targets' | 'triggers'>, guard: Pick<GuardStore, 'openIncidents' | 'entriesOfIncident'>, outbox: Pick<Outbox, 'waiting'>, channels: readonly ChannelName[]): Promise<LeftBehind> {
  const incidents = await Promise.all((await guard.openIncidents()).map(async (id) => foldIncident(await guard.entriesOfIncident(id))));
  const waiting = await Promise.all(channels.map((channel) => outbox.waiting(channel, MOST_MESSAGES)));
  return {
    targets: targets.map(({ name }) => name),
    triggers: triggers.length,
    openIncidents: incidents.flatMap((incident) => incident?.target ?? []).sort(),
    messages: waiting.reduce((sum, { length }) => sum + length, 0),
  };
}
