import { AlertmanagerApi, type SilenceRequest } from './alertmanager-api.js';
import { createHttpClient } from './http-client.js';
import type { RequestFault } from './request-fault.js';
import type { AlertmanagerSettings } from './source-settings.js';

/** The silences of one Alertmanager. Every answer is a value or a fault; they reject only when `signal` aborts. */
export interface Silences {
  /** The id of the silence; of one that is in force already with the same comment, where there is one. */
  create(request: SilenceRequest, signal: AbortSignal): Promise<{ readonly id: string } | RequestFault>;
  /** Ends it; one that is over already is no fault. */
  remove(id: string, signal: AbortSignal): Promise<RequestFault | undefined>;
}

export function createSilences(settings: AlertmanagerSettings): Silences {
  // A connection of its own each time: it happens twice in an incident.
  const api = new AlertmanagerApi(settings, createHttpClient({ keepAlive: false }));
  return {
    async create(request, signal) {
      const known = await api.silences(request.match, signal);
      if ('kind' in known) return known;
      const same = known.find(({ comment, status }) => comment === request.comment && status.state !== 'expired');
      return same === undefined ? api.silence(request, signal) : { id: same.id };
    },
    remove: (id, signal) => api.endSilence(id, signal),
  };
}
