import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BelayProcess } from '../support/belay-process.js';
import { startStatusPage } from '../support/status-page.js';

const writeNote = [process.execPath, '-e', "require('node:fs').appendFileSync('note.txt', 'x')"];

let belay: BelayProcess;

function startBelay(more: Readonly<Record<string, unknown>> = {}): Promise<BelayProcess> {
  return BelayProcess.start({
    'belay.yaml': {
      ...more,
      environment: 'test',
      sources: { prometheus: { type: 'prometheus', url: 'http://127.0.0.1:1', interval: '1s', timeout: '1s' } },
      targets: { shop: { owners: ['shop-team'], rto: '5m' } },
      reports: { directory: './reports', impact: [{ name: 'bad requests', source: 'prometheus', expr: 'sum(increase(errors_total[${downtime}]))' }] },
    },
    'plans/note.yaml': {
      id: 'note', name: 'note', target: 'shop', level: 3,
      steps: [{ id: 'note', name: 'Write a note', description: '', type: 'command', parameters: { command: writeNote }, timeout: 10 }],
      verification: { checks: [{ type: 'command', name: 'note', command: ['test', '-s', 'note.txt'] }], hold: '100ms', timeout: '5s', interval: '100ms' },
    },
  });
}

beforeEach(async () => {
  belay = await startBelay();
});

afterEach(() => belay.stop());

async function oneIncident(): Promise<string> {
  expect(await belay.cli('rollback', 'note', '--reason', 'customers complain')).toMatchObject({ code: 0 });
  return /incident-\S+/.exec((await belay.cli('incidents')).stdout)?.[0] ?? '';
}

function writtenReports(): Promise<string[]> {
  return belay.until('the report', 10_000, async () => {
    const files = await readdir(join(belay.directory, 'reports')).catch(() => []);
    return files.filter((file) => /\.(md|html)$/.test(file)).length === 2 ? files : undefined;
  });
}

describe('the report of an incident', () => {
  it('is written when the incident ends, keeps what people write into it, and is told', async () => {
    const id = await oneIncident();
    const name = (await writtenReports()).find((file) => file.endsWith('.md')) ?? '';
    const path = join(belay.directory, 'reports', name);
    const text = await readFile(path, 'utf8');
    expect(text).toContain('# Incident report: shop (test)');
    expect(text).toMatch(/Plan note, level 3 \(code\)[\s\S]*Write a note: success/);
    expect(text).toMatch(/\| bad requests \| not measured: /);
    expect(text).toContain('| Customers told | no; Belay had no message for them |');
    await writeFile(path, text.replace('<!-- belay:what-broke -->\n…', '<!-- belay:what-broke -->\nThe cache was cold.'));
    expect((await belay.cli('report', id)).stdout).toContain('The cache was cold.');
    expect(JSON.parse((await belay.cli('report', id, '--json')).stdout)).toMatchObject({ id, actions: { types: ['code'] }, fields: { 'what-broke': 'The cache was cold.' } });
    expect((await belay.cli('report', id, '--format', 'html')).stdout).toMatch(/^<!doctype html>[\s\S]*The cache was cold\./);
  });

  it('says what customers were really told, of the end of the incident too', async () => {
    const page = await startStatusPage('shop-page', 'secret-page-token');
    onTestFinished(() => page.close());
    await belay.stop();
    belay = await startBelay({ notify: { customers: { statusPage: { page: 'shop-page', token: 'secret-page-token', url: page.url }, services: { shop: 'the Example Shop' } } } });
    const id = await oneIncident();
    const name = (await writtenReports()).find((file) => file.endsWith('.md')) ?? '';
    const text = await readFile(join(belay.directory, 'reports', name), 'utf8');
    expect(page.published.map(({ name: title }) => title)).toEqual(['Problems with the Example Shop', 'the Example Shop works again']);
    expect(text).toContain('| Customers told | yes, by status page |');
    expect(text).toMatch(/- \S+ \S+ sent to customers by status page: Problems with the Example Shop\n- \S+ \S+ sent to customers by status page: the Example Shop works again\n/);
    const { customers } = JSON.parse((await belay.cli('report', id, '--json')).stdout) as { customers: unknown };
    expect(customers).toMatchObject({ told: 'yes', areAllWritten: true, messages: [{ channel: 'customers-status-page', state: 'sent' }, { channel: 'customers-status-page', state: 'sent' }] });
  });

  it('is written after a restart when the daemon died before it could', async () => {
    await belay.end('SIGKILL');
    await belay.write({ reports: 'a file where the folder would be' });
    await belay.start();
    await oneIncident();
    await belay.until('the failure in the log', 10_000, async () => (belay.log.includes('EEXIST') || belay.log.includes('ENOTDIR') ? true : undefined));
    await belay.end('SIGKILL');
    await rm(join(belay.directory, 'reports'));
    await belay.start();
    expect(await writtenReports()).toHaveLength(2);
  });
});

describe('the report of a period', () => {
  it('counts what happened', async () => {
    await oneIncident();
    expect((await belay.cli('report', '--period', '7d')).stdout).toMatch(/1 incident, of which:\n\n- 1 rolled back\n[\s\S]*- 1 recovered\n[\s\S]*\| shop +\| 1 /);
    expect(JSON.parse((await belay.cli('report', '--json')).stdout)).toMatchObject({ all: { incidents: 1 }, byLevel: { 'level 3 (code)': { rolledBack: 1 } } });
  });

  it('says what is wrong with what it is asked', async () => {
    expect((await belay.cli('report', '--period', 'soon')).stderr).toMatch(/duration/);
    expect((await belay.cli('report', 'incident-0')).stderr).toMatch(/no incident incident-0/);
    expect(await belay.cli('report', 'incident-0', '--period', '7d')).toMatchObject({ code: 2 });
  });
});
