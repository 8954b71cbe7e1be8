// The status page with a thousand triggers on one target, each with a new value every five seconds, in a real Chromium:
// how long until something is painted, and how much scripting an update takes. node --import tsx bench/page.ts
import type { CDPSession } from 'playwright-core';
import { Browser } from '../test/support/browser.js';
import { PageWorld, tokens } from '../test/support/page-world.js';

const TRIGGERS = 1_000;
const LOADS = 5;
const SECONDS = 30;

const world = await PageWorld.start({ manyTriggers: TRIGGERS, interval: '5s' });
const browser = await Browser.start();
const { page, context } = browser;
let round = 0;
const change = (): void => world.set(Object.fromEntries(Array.from({ length: TRIGGERS }, (_, index) => [`fleet_queue_${index}`, (index * 7 + ++round) % 250])));
const changing = setInterval(change, 5_000);
try {
  change();
  await page.goto(`${world.url}/targets/fleet`);
  await page.getByLabel('Token').fill(tokens.viewer);
  await page.keyboard.press('Enter');
  await page.locator('.triggers > li').nth(TRIGGERS - 1).waitFor({ state: 'attached', timeout: 60_000 });

  const paints: number[] = [];
  const wholes: number[] = [];
  for (let load = 0; load < LOADS; load += 1) {
    await page.reload();
    await page.locator('.triggers > li').nth(TRIGGERS - 1).waitFor({ state: 'attached' });
    wholes.push(await page.evaluate<number>('performance.now()'));
    paints.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
  }
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  await page.waitForTimeout(3_000);
  const updates: number[] = [];
  let before = await scriptMs(session);
  for (let second = 0; second < SECONDS; second += 1) {
    await page.waitForTimeout(1_000);
    const now = await scriptMs(session);
    updates.push(now - before);
    before = now;
  }
  const charts = await page.locator('.chart canvas').count();
  process.stdout.write(`${TRIGGERS} triggers, all values change every five seconds; ${charts} charts are drawn, those that are on the screen
first paint         median ${ms(median(paints))}, longest ${ms(Math.max(...paints))} of ${LOADS} loads
all rows are there  median ${ms(median(wholes))}, longest ${ms(Math.max(...wholes))}
scripting           median ${ms(median(updates))} in a second, median of those with all values ${ms(median(updates.toSorted((a, b) => b - a).slice(0, SECONDS / 5)))}, most ${ms(Math.max(...updates))}, over ${SECONDS} seconds
`);
} finally {
  clearInterval(changing);
  await browser.stop();
  await world.stop();
}

async function scriptMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0) * 1_000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
