// Pictures of the status page in each of its states, at desktop and phone size, light and dark:
// node --import tsx bench/page-pictures.ts FOLDER
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Browser } from '../test/support/browser.js';
import { PageWorld, tokens } from '../test/support/page-world.js';

const [folder = 'page-pictures'] = process.argv.slice(2);
/** A release that cannot be brought back. */
const FAILING_PLAN = {
  id: 'checkout-release-back', name: 'Bring the last good release back', description: 'as the runbook has it', phase: 'complete-transition', target: 'checkout', level: 3, dependencies: [], estimatedDuration: 1,
  steps: [
    { id: 'tell', name: 'Note the beginning', description: '', type: 'command', timeout: 60, parameters: { command: [process.execPath, '-e', "console.log('noted')"] } },
    { id: 'switch', name: 'Switch the release', description: '', type: 'command', timeout: 60, parameters: { command: [process.execPath, '-e', "console.error('release v41 is not on this machine any more'); process.exit(3)"] } },
  ],
  verification: { checks: [], hold: '2s', timeout: '8s', interval: '250ms' },
};
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 375, height: 740 } } as const;

await mkdir(folder, { recursive: true });
let world = await PageWorld.start({ interval: '500ms' });
const browser = await Browser.start();
const { page } = browser;
const seen = (text: string): Promise<void> => page.getByText(text).first().waitFor({ timeout: 30_000 });
const toView = (path: string): Promise<unknown> => page.goto(world.url + path);

async function signIn(): Promise<void> {
  await page.getByLabel('Token').fill(tokens.approver);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** One state in all its looks, or in those that it lasts long enough for. */
async function picture(name: string, wanted?: readonly string[]): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      if (wanted?.includes(`${size}-${colorScheme}`) === false) continue;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      // What is drawn only while it is looked at is looked at: all of the page, once it has drawn its charts.
      const height = name === 'dialog' ? viewport.height : Math.max(viewport.height, Number(await page.evaluate('document.documentElement.scrollHeight')));
      await page.setViewportSize({ ...viewport, height });
      await page.locator('.chart:not(:has(canvas))').first().waitFor({ state: 'detached', timeout: 10_000 });
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
  await signIn();
  await seen('All 3 targets are well');
  await picture('well');
  await toView('/plans/checkout-flag-off');
  await seen('Start this rollback');
  await picture('plan');

  await toView('/targets/checkout');
  await page.waitForTimeout(4_000);
  world.set({ checkout_error_ratio: 0.234, checkout_latency_seconds: 0.74 });
  await seen('if it goes on');
  await picture('pending', ['desktop-light', 'phone-dark']);
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
  world.blind(false);
  world.breakStore();
  await rm(join(world.folder, 'rules/search.yaml'));
  await world.startDaemon();
  await seen('Store lost');
  await picture('store-lost');

  for (const mode of ['enforce', 'dry-run', 'observe'] as const) {
    await world.stop();
    world = await PageWorld.start({ interval: '500ms', mode, hasTokens: mode === 'enforce' });
    await world.write({ 'plans/release-back.yaml': FAILING_PLAN });
    await world.daemon.reload('the pictures');
    await toView('/');
    if (mode === 'enforce') await signIn();
    await seen('All 3 targets are well');
    await page.waitForTimeout(2_000);
    world.set({ checkout_error_ratio: 0.234, checkout_latency_seconds: 0.74 });
    if (mode === 'enforce') {
      await seen('needs a person');
      await picture('needs-human');
      await page.locator('.card .name').click();
      await seen('Ladder');
      await picture('failed');
    } else {
      await page.locator('.card').waitFor({ timeout: 30_000 });
      await page.waitForTimeout(4_000);
      await picture(mode);
    }
  }
  process.stdout.write(`faults: ${JSON.stringify(browser.faults)}\n`);
} finally {
  await page.screenshot({ path: join(folder, 'last.png') });
  await browser.stop();
  await world.stop();
}
