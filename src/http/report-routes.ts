import { z } from 'zod';
import type { Api } from './api.js';
import { errorAnswers } from './api.js';
import { idParams, periodQuery, reportQuery, type ReportFormat } from './request-schemas.js';

/**
 * What the HTTP interface asks of reports, each already in the format that is asked for. Rejects with BelayError
 * `not-found` for an unknown incident.
 */
export interface ReportApi {
  incidentReport(id: string, format: ReportFormat): Promise<string>;
  /** Of all incidents that were opened in the last `periodMs`. */
  periodReport(periodMs: number, format: Exclude<ReportFormat, 'html'>): Promise<string>;
}

const contentTypes: Readonly<Record<ReportFormat, string>> = {
  json: 'application/json; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

/** What managers read; a viewer may. */
export function reportRoutes(api: Api, reports: ReportApi): void {
  const config = { role: 'viewer' } as const;
  api.get(
    '/api/v1/incidents/:id/report',
    { config, schema: { summary: 'The report of an incident, as json, markdown or html', params: idParams, querystring: reportQuery, response: { 200: z.string(), ...errorAnswers } } },
    async (request, reply) => {
      const { format } = request.query;
      const text = await reports.incidentReport(request.params.id, format);
      // A report shows what others have written, and runs nothing of it.
      return reply.type(contentTypes[format]).header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'").serializer(asItIs).send(text);
    },
  );
  api.get(
    '/api/v1/report',
    { config, schema: { summary: 'How often and how fast, over a period', querystring: periodQuery, response: { 200: z.string(), ...errorAnswers } } },
    async (request, reply) => {
      const { period, format } = request.query;
      return reply.type(contentTypes[format]).serializer(asItIs).send(await reports.periodReport(period, format));
    },
  );
}

function asItIs(payload: unknown): string {
  return String(payload);
}
