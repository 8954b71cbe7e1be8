import { z } from 'zod';
import type { AlertMessage, AlertNotice } from '../source/received-alert.js';

const text = z.string().max(20_000);
const labels = z.record(z.string().min(1).max(1_000), text).refine((map) => Object.keys(map).length > 0, 'must have at least one label');
const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-01-01T00:00:00Z' }).transform((written) => Date.parse(written));
/** Alertmanager writes "no instant" as the year 1. */
const YEAR_ONE = 0;

const notice = z
  .object({
    status: z.enum(['firing', 'resolved']),
    labels,
    annotations: z.record(z.string(), text).default({}),
    startsAt: instant,
    endsAt: instant.optional(),
    generatorURL: z.string().max(100_000).optional(),
  })
  .transform(({ status, labels: own, annotations, startsAt, endsAt, generatorURL }): AlertNotice => {
    const hasEnd = status === 'resolved' && endsAt !== undefined && endsAt > YEAR_ONE;
    return { status, labels: own, annotations, startsAt, ...(hasEnd ? { endsAt } : {}), ...(generatorURL === undefined || generatorURL === '' ? {} : { generatorUrl: generatorURL }) };
  });

/** A message of Alertmanager's webhook, version "4". Fields that are not known are passed over: newer versions add some. */
export const alertMessageBody = z
  .object({
    version: z.literal('4', { error: 'must be "4", the version of the message that Alertmanager sends' }),
    groupKey: z.string().max(100_000).default(''),
    receiver: text.default(''),
    truncatedAlerts: z.int().min(0).default(0),
    externalURL: text.optional(),
    alerts: z.array(notice),
  })
  .transform(({ groupKey, receiver, truncatedAlerts, externalURL, alerts }): AlertMessage => ({ groupKey, receiver, truncatedAlerts, externalUrl: externalURL, alerts }));
