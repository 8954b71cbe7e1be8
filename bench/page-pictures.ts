// Pictures of the status page in each of its states, at desktop and phone size, light and dark:
// node --import tsx bench/page-pictures.ts FOLDER
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Browser } from '../test/support/browser.js';
import { PageWorld, tokens } from '../test/support/page-world.js';

const [folder = 'page-pictures'] = process.argv.slice(2);
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 375, height: 740 } } as const;

await mkdir(folder, { recursive: true });
const world = await PageWorld.start({ interval: '500ms' });
const browser = await Browser.start();
const { page } = browser;
const seen = (text: string): Promise<void> => page.getByText(text).first().waitFor({ timeout: 30_000 });
const toView = (path: string): Promise<unknown> => page.goto(world.url + path);

/** One state in all its looks. */
async function picture(name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      // What is drawn only while it is looked at is looked at: all of the page, once it has drawn its charts.
      const height = name === 'dialog' ? viewport.height : Math.max(viewport.height, Number(await page.evaluate('document.documentElement.scrollHeight')));
      await page.setViewportSize({ ...viewport, height });
      await page.waitForFunction("[...document.querySelectorAll('.chart')].every((chart) => chart.querySelector('canvas') !== null)", undefined, { timeout: 10_000 });
      await page.waitForTimeout(150);
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
    }
  }
  await page.setViewportSize(sizes.desktop);
}

try {
  await toView('/');
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await seen('not known here');
  await picture('sign-in');
  await page.getByLabel('Token').fill(tokens.approver);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await seen('All 3 targets are well');
  await picture('well');

  await toView('/targets/checkout');
  await page.waitForTimeout(4_000);
  world.set({ checkout_error_ratio: 0.234, checkout_latency_seconds: 0.74 });
  await seen('if it goes on');
  await page.screenshot({ path: join(folder, 'pending-desktop-light.png') });
  await seen('Stop verifying');
  await picture('target');
  await toView('/');
  await seen('step 2 of 3');
  await picture('rolling-back');
  await page.locator('.card .name').click();
  await seen('Ladder');
  await picture('incident');

  world.set({ checkout_error_ratio: 0.011, payments_lost_rows: 3 });
  await world.letReleaseEnd();
  world.blind(true);
  await toView('/');
  await seen('Approve …');
  await seen('BLIND');
  await picture('asks');
  await page.getByRole('button', { name: 'Approve …' }).click();
  await picture('dialog');
  await page.keyboard.press('Escape');
  await toView('/targets/search');
  await seen('does not see this');
  await picture('blind');

  await toView('/incidents?target=checkout');
  await seen('Every check and every alert was OK');
  await picture('history');
  await page.locator('.history .name').first().click();
  await seen('Timeline');
  await page.locator('.plots img').first().waitFor({ timeout: 5_000 }).catch(() => undefined);
  await picture('recovered');
  await toView('/plans/checkout-flag-off');
  await seen('Start this rollback');
  await picture('plan');

  await toView('/');
  await page.getByRole('button', { name: 'Pause all …' }).click();
  await page.getByLabel('Reason').fill('a migration of the orders');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await seen('PAUSED');
  await world.write({ 'rules/search.yaml': { target: 'search', triggers: [{ name: 'SearchSlow', source: 'nowhere', expr: 'x', condition: '> 1' }] } });
  await world.daemon.reload('the pictures').catch(() => undefined);
  await seen('Configuration refused');
  await world.stopDaemon();
  await seen('Disconnected');
  await page.waitForTimeout(2_000);
  await picture('banners');
  process.stdout.write(`faults: ${JSON.stringify(browser.faults)}\n`);
} finally {
  await page.screenshot({ path: join(folder, 'last.png') });
  await browser.stop();
  await world.stop();
}
