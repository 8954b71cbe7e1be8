import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import { type ErrorCode, errorCodes } from '../../src/fault/error-codes.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { readDoc, tableRows } from '../support/markdown.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';

const doc = readDoc('docs/errors.md');
const rows = tableRows(doc, 'Code');

test('docs/errors.md has every error code and no other, in the order of the list', () => {
  expect(rows.map(([code]) => code)).toEqual(errorCodes);
});

test('every error code is explained, and told what to do about', () => {
  for (const [code, meaning, whatToDo] of rows) {
    expect(meaning, `meaning of ${String(code)}`).toMatch(/\w.*\.$/);
    expect(whatToDo, `what to do about ${String(code)}`).toMatch(/\w.*\.$/);
  }
});

test('every error code is answered with the HTTP status that the page gives', async () => {
  const documented = new Map(tableRows(doc, 'Status').flatMap(([status, codes]) => [...(codes ?? '').matchAll(/[a-z-]+/g)].map(([code]) => [code, Number(status)] as const)));
  const guard = new RecordingGuardApi();
  const app = createHttpServer({
    live: new RecordingLiveApi(),
    reports: emptyReports,
    guard,
    settings: { host: '127.0.0.1', port: 0, tokens: [] },
    operatorToken: 'the-daemons-own-token',
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    redactor: new Redactor(),
  });
  const answered = new Map<ErrorCode, number>();
  for (const code of errorCodes) {
    guard.fault = new BelayError(code, 'on purpose');
    answered.set(code, (await app.inject('/api/v1/status')).statusCode);
  }
  await app.close();
  expect(documented).toEqual(answered);
});
