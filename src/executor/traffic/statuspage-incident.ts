import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { JsonApi } from '../calls/json-api.js';
import type { StateChange } from '../state-executor.js';
import { incidentStatus } from './incident-status.js';
import type { TrafficRequest } from './traffic-request.js';

export const statuspageBinding = z.strictObject({
  type: z.literal('statuspage'),
  page: z.string().regex(/^[a-z0-9]+$/, 'must be the id of a page').meta({ title: 'id', description: 'A page at Statuspage.' }),
  token: z.string().min(1).describe('Its API key.'),
  apiUrl: z.string().regex(/^https?:\/\//, 'must begin with http:// or https://').default('https://api.statuspage.io/v1').describe('Another address of its API.'),
});
type StatuspageBinding = z.infer<typeof statuspageBinding>;
type Wanted = NonNullable<TrafficRequest['parameters']['incident']>;

const PAGE_SIZE = 100;
const incidentsSchema = z.array(z.object({ id: z.string().regex(/^[A-Za-z0-9]+$/), name: z.string(), status: z.string() }));
type Incident = z.infer<typeof incidentsSchema>[number];

const capturedSchema = z.strictObject({ status: z.string().optional() });
const NONE = 'no open incident';

/** An incident on a page of Statuspage (API v1), known by its name among those that are open: created once, then brought from status to status. */
export function statuspageIncident(binding: StatuspageBinding, { parameters }: TrafficRequest): StateChange {
  const { incident } = parameters;
  if (incident === undefined) throw new BelayError('parameter-invalid', 'this entry of traffic takes incident: name, status and message');
  return incidentChange(binding, incident);
}

function incidentChange(binding: StatuspageBinding, wanted: Wanted): StateChange {
  return {
    subject: `incident "${wanted.name}" on the status page`,
    wanted: wanted.status,
    async read(signal) {
      const found = await openIncident(binding, wanted.name, signal);
      const isAsWanted = found === undefined ? wanted.status === 'resolved' : found.status === wanted.status;
      return { state: isAsWanted ? 'applied' : 'not-applied', actual: found?.status ?? (isAsWanted ? wanted.status : NONE) };
    },
    async apply({ signal }) {
      const found = await openIncident(binding, wanted.name, signal);
      if (found === undefined && wanted.status === 'resolved') return;
      const { name, status, message: body, components } = wanted;
      const affected = components === undefined ? {} : { components, component_ids: Object.keys(components) };
      const [method, path] = found === undefined ? (['POST', 'incidents'] as const) : (['PATCH', `incidents/${found.id}`] as const);
      await apiOf(binding).tell({ method, url: urlOf(binding, path), body: { incident: { ...(found === undefined ? { name } : {}), status, body, ...affected } } }, signal);
    },
    async capture(signal) {
      return { status: (await openIncident(binding, wanted.name, signal))?.status };
    },
    restoring(captured) {
      const { status } = capturedSchema.parse(captured);
      // What was published stays published: an incident that there was not is resolved.
      return incidentChange(binding, { ...wanted, status: incidentStatus.catch('resolved').parse(status), message: 'The rollback was undone.' });
    },
  };
}

async function openIncident(binding: StatuspageBinding, name: string, signal: AbortSignal): Promise<Incident | undefined> {
  for (let page = 1; ; page += 1) {
    const url = urlOf(binding, `incidents/unresolved?page=${page}&per_page=${PAGE_SIZE}`);
    const answer = incidentsSchema.safeParse(await apiOf(binding).tell({ method: 'GET', url }, signal));
    if (!answer.success) throw new BelayError('provider-refused', 'Statuspage did not answer with a list of incidents');
    const found = answer.data.find((incident) => incident.name === name);
    if (found !== undefined || answer.data.length < PAGE_SIZE) return found;
  }
}

function apiOf({ token }: StatuspageBinding): JsonApi {
  return new JsonApi({ name: 'Statuspage', headers: { authorization: `OAuth ${token}` }, secrets: [token] });
}

function urlOf({ apiUrl, page }: StatuspageBinding, path: string): string {
  return `${apiUrl.replace(/\/$/, '')}/pages/${page}/${path}`;
}
