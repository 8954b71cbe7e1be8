import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults, RunOptions } from 'axe-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { IncidentSummary } from '../../src/http/guard-api.js';
import { Browser } from '../support/browser.js';
import { PageWorld, tokens } from '../support/page-world.js';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const looks = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 375, height: 740, colorScheme: 'dark' },
  { width: 375, height: 740, colorScheme: 'light' },
  { width: 1280, height: 800, colorScheme: 'dark' },
] as const;

let world: PageWorld;
let browser: Browser;

beforeAll(async () => {
  [world, browser] = await Promise.all([PageWorld.start(), Browser.start()]);
  // Not by the page itself, whose policy of content would not have it.
  await browser.context.addInitScript({ path: axe });
});
afterAll(async () => {
  await browser.stop();
  await world.stop();
});
beforeEach(() => world.makeWell());
afterEach(() => expect(browser.faults).toEqual([]));

const seen = (text: string | RegExp): Promise<void> => browser.page.getByText(text).first().waitFor({ timeout: 20_000 });
const press = (name: string): Promise<void> => browser.page.getByRole('button', { name, exact: true }).first().click();
const visit = (path: string): Promise<unknown> => browser.page.goto(world.url + path);

/** By keyboard alone: on from where the focus is, to the control that says so. */
async function tabTo(text: string): Promise<void> {
  const { page } = browser;
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate<string>("((it) => it.labels?.[0]?.textContent ?? it.textContent)(document.activeElement)");
    if (at.trim() === text) return;
  }
  throw new Error(`the keyboard does not come to "${text}"`);
}

/** Nothing that axe finds wrong, and nothing wider than the screen, at both sizes and in both schemes, nor where a desk's page is enlarged fourfold. */
async function expectAccessible(): Promise<void> {
  const { page } = browser;
  for (const [index, { width, height, colorScheme }] of looks.entries()) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    // What else can differ between the looks has been looked at in the first two.
    const options: RunOptions = { resultTypes: ['violations'], ...(index < 2 ? {} : { runOnly: ['color-contrast'] }) };
    const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
    expect(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]), `${page.url()} at ${width}, ${colorScheme}`).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth'), `${page.url()} at ${width}`).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 320, height: 256 });
  expect(await page.evaluate('document.documentElement.scrollWidth'), `${page.url()} enlarged`).toBeLessThanOrEqual(320);
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** On the page as somebody who may approve, whatever came before. */
async function asApprover(path = '/'): Promise<void> {
  const { page } = browser;
  await visit(path);
  const token = page.getByLabel('Token');
  await token.or(page.getByRole('button', { name: 'Sign out' })).first().waitFor();
  if ((await token.count()) === 0) return;
  await token.fill(tokens.approver);
  await page.keyboard.press('Enter');
  await token.waitFor({ state: 'detached' });
}

test('a person signs in, and the token stays in the tab', async () => {
  const { page } = browser;
  await visit('/');
  await page.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await seen('not known here');
  await expectAccessible();
  await page.getByLabel('Token').fill(tokens.viewer);
  await page.keyboard.press('Enter');
  await seen('All 3 targets are well.');
  // A viewer sees everything, and no button that would be refused.
  expect(await page.getByRole('button').allTextContents()).toEqual(['Sign out']);
  expect(page.url()).toBe(`${world.url}/`);
  expect(await page.evaluate('[document.cookie, localStorage.length]')).toEqual(['', 0]);
  await expectAccessible();
  await press('Sign out');
  expect(await page.evaluate('sessionStorage.length')).toBe(0);
});

test('a breach is seen from its first sample to its recovery, live', async () => {
  const { page } = browser;
  await asApprover();
  await page.getByRole('link', { name: 'checkout', exact: true }).click();
  await page.getByRole('img', { name: /CheckoutErrorRateHigh over the last .* Threshold > 10%/ }).waitFor();
  world.set({ checkout_error_ratio: 0.234 });
  await seen('if it goes on');
  expect(Number(await page.getByRole('meter', { name: 'Window' }).first().getAttribute('aria-valuenow'))).toBeLessThan(100);
  await seen('3s of 3s');
  await seen('Stop verifying …');
  await expectAccessible();
  // The flag does not help; the ladder is climbed.
  await page.locator('.card .name').click();
  await seen('not recovered');
  await seen(/step 2 of 3, Switch the release/);
  await expectAccessible();
  world.set({ checkout_error_ratio: 0.01 });
  await world.letReleaseEnd();
  await seen('Every check and every alert was OK');
  await page.getByRole('img', { name: /before, during and after/ }).waitFor();
  await expectAccessible();
  expect(await page.getByRole('heading', { name: 'Timeline' }).count()).toBe(1);
});

test('history keeps its filter in the address', async () => {
  const { page } = browser;
  await asApprover('/incidents');
  await page.locator('.history .badge', { hasText: 'recovered' }).waitFor();
  await page.getByLabel('State').selectOption('closed by hand');
  await seen('No incident is like that.');
  expect(page.url()).toBe(`${world.url}/incidents?state=closed`);
  await page.reload();
  await seen('No incident is like that.');
  await page.getByLabel('State').selectOption('recovered');
  await page.getByLabel('Target').selectOption('checkout');
  await page.locator('.history .name').waitFor();
  await expectAccessible();
});

test('a plan is looked at, and started by hand as a dry run', async () => {
  const { page } = browser;
  await asApprover('/plans');
  await page.getByRole('link', { name: 'Restore the rows from the snapshot' }).click();
  await press('Start this rollback …');
  const start = page.getByRole('button', { name: 'Start the rollback', exact: true });
  await page.getByLabel('Reason').fill('rows are lost');
  expect(await start.isDisabled()).toBe(true);
  await page.getByLabel('Type payments to confirm').fill('payment');
  expect(await start.isDisabled()).toBe(true);
  await page.getByLabel('Type payments to confirm').fill('payments');
  expect(await start.isDisabled()).toBe(false);
  await expectAccessible();
  // Escape changes nothing and gives the focus back.
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Start this rollback …');

  await visit('/plans/checkout-flag-off');
  await seen(/new-checkout in .*off/);
  await tabTo('Start this rollback …');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  // The dialog has the focus where one writes first.
  await page.keyboard.type('an exercise');
  expect(await page.getByLabel('Reason').inputValue()).toBe('an exercise');
  await tabTo('Dry run: change nothing');
  await page.keyboard.press('Space');
  await tabTo('Start the dry run');
  await page.keyboard.press('Enter');
  await seen('dry run: would have');
  await expectAccessible();
});

test('what is asked is answered, what runs is stopped, and what one sees is acknowledged', async () => {
  const { page } = browser;
  await asApprover();
  world.set({ payments_lost_rows: 3 });
  await seen('payments: waits for approval.');
  await press('Reject …');
  await page.getByLabel('Reason').fill('the replica has them');
  await press('Reject');
  await seen('payments: needs a person.');
  world.set({ payments_lost_rows: 0 });
  await seen('All 3 targets are well.');
  world.set({ payments_lost_rows: 4 });
  await seen('payments: waits for approval.');
  await press('I have seen it');
  await seen('seen by ana');
  await expectAccessible();
  await press('Approve …');
  await page.getByLabel('Type payments to confirm').fill('payments');
  await press('Approve');
  await press('Stop verifying …');
  await press('Stop it');
  await seen('payments: needs a person.');
  world.set({ payments_lost_rows: 0 });
  await seen('All 3 targets are well.');
  const [newest] = await incidentsOf('payments');
  expect(newest).toMatchObject({ status: 'recovered' });
});

test('blindness, a pause and a refused configuration are said at the top', async () => {
  const { page } = browser;
  await asApprover();
  world.blind(true);
  await seen(/partly blind: 1 of 5 triggers/);
  await press('Pause all …');
  await page.getByLabel('Reason').fill('a migration');
  await page.keyboard.press('Tab');
  await press('Pause');
  await seen('PAUSED');
  await world.write({ 'rules/search.yaml': 'target: search\ntriggers: [{ nam: x }]\n' });
  await expect(world.daemon.reload('the test')).rejects.toMatchObject({ code: 'config-invalid' });
  await seen('Configuration refused');
  await expectAccessible();
  await page.getByRole('link', { name: 'search', exact: true }).click();
  await seen('Belay does not see this');
  await page.getByText('unknown', { exact: true }).first().waitFor();
  await expectAccessible();
  await visit('/');
  await press('Resume …');
  await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
  await page.getByText('PAUSED', { exact: true }).waitFor({ state: 'detached' });
});

test('the page says that it is cut off, and catches up', async () => {
  await asApprover();
  await world.stopDaemon();
  await seen('Disconnected');
  await seen(/^\d+ s old$/);
  await expectAccessible();
  await rm(join(world.folder, 'rules/search.yaml'));
  await world.startDaemon();
  // What was true before the break is not there any more.
  await seen('not watched');
  await browser.page.getByText('Disconnected').first().waitFor({ state: 'detached' });
});

test('a lost store, a dry run and observing are said at the top', async () => {
  await asApprover();
  await world.stopDaemon();
  world.breakStore();
  await world.startDaemon();
  await seen('Store lost');
  await seen('Belay has lost its store and can do nothing.');
  await expectAccessible();
  world.mendStore();
  await browser.page.getByText('Store lost').waitFor({ state: 'detached' });
  for (const [mode, banner] of [['dry-run', 'DRY RUN'], ['observe', 'OBSERVE']] as const) {
    await world.setMode(mode);
    await seen(banner);
    await expectAccessible();
  }
});

async function incidentsOf(target: string): Promise<readonly IncidentSummary[]> {
  const answer = await fetch(`${world.url}/api/v1/incidents?target=${target}`, { headers: { authorization: `Bearer ${tokens.viewer}` } });
  return ((await answer.json()) as { incidents: readonly IncidentSummary[] }).incidents;
}
