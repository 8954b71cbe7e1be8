import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Files by their path in the folder: `belay.yaml`, `rules/checkout.yaml`. */
export type ConfigFiles = Readonly<Record<string, string | Uint8Array>>;

/** A folder with these files, gone when the test is over. Resolves to the path of its belay.yaml. */
export function configFolder(files: ConfigFiles): string {
  const folder = mkdtempSync(join(tmpdir(), 'belay-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return join(folder, 'belay.yaml');
}

/** A small configuration in which everything is well. */
export const goodFiles = {
  'belay.yaml': `environment: test
sources:
  prom: { type: prometheus, url: "http://127.0.0.1:9090" }
  app: { type: scrape, url: "http://127.0.0.1:3000/metrics" }
targets:
  checkout:
    health: { url: "http://127.0.0.1:3000/health" }
featureFlags:
  default: { type: file, path: flags.json }
notify:
  email: { smtp: "smtp://127.0.0.1:2525", from: belay@example.com, to: [ops@example.com] }
`,
  'rules/checkout.yaml': `target: checkout
triggers:
  - name: Errors
    source: app
    signal: { type: errorRate, metric: requests_total, errors: { status: "5.." } }
    condition: "> 10%"
    for: 5m
    level: 1
`,
  'plans/checkout.yaml': `id: flag-off
name: Flag off
target: checkout
level: 1
steps:
  - id: off
    name: Off
    type: feature-flag
    parameters: { flagKey: new-checkout, targetState: false }
    timeout: 10
`,
} as const satisfies ConfigFiles;
