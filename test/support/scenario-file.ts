import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { readScenarioFile, type ScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { resultText } from '../../src/scenario/result-text.js';
import { testScenario, type ScenarioResult } from '../../src/scenario/scenario-result.js';

const step = (id: string, more: object = {}): object => ({ id, name: id, description: id, type: 'feature-flag', parameters: { flagKey: id, targetState: false }, timeout: 30, ...more });
const planOf = (id: string, level: number, steps: readonly object[], more: object = {}): object => ({
  id, name: id, description: id, phase: 'x', target: 'checkout', level, dependencies: [], estimatedDuration: 1, steps,
  verification: { checks: [{ type: 'health', target: 'checkout' }], hold: '1m', timeout: '3m', interval: '15s' }, ...more,
});

/** A service under guard whose errors, queue and health are watched every 15 s, with plans on levels 1 and 3. */
export const checkoutFiles: Readonly<Record<string, unknown>> = {
  'belay.yaml': {
    environment: 'production',
    sources: {
      prometheus: { type: 'prometheus', url: 'http://127.0.0.1:9', interval: '15s', headers: { authorization: 'Bearer ${env:PROMETHEUS_TOKEN}' } },
      app: { type: 'scrape', url: 'http://127.0.0.1:9/metrics', interval: '15s' },
    },
    targets: { checkout: { health: { url: 'http://127.0.0.1:9/health', interval: '15s' } }, cart: {} },
    featureFlags: { default: { type: 'file', path: './flags.json' } },
  },
  'rules/checkout.yaml': {
    target: 'checkout',
    triggers: [
      { name: 'ErrorRateHigh', source: 'prometheus', expr: 'errors / requests', condition: '> 10%', for: '2m', severity: 'critical', levels: [1, 3] },
      { name: 'RequestsFail', source: 'app', signal: { type: 'errorRate', metric: 'http_requests_total', errors: { status: '5..' }, window: '1m' }, condition: '> 10%', for: '2m', levels: [1, 3] },
      { name: 'Unhealthy', source: 'health', condition: '== 0', for: { consecutive: 4 }, level: 3 },
      { name: 'QueueDeep', source: 'prometheus', expr: 'max by (pod) (queue)', condition: '> 1000', for: '2m', response: 'monitor' },
    ],
  },
  'plans/flag-off.yaml': planOf('flag-off', 1, [step('off')]),
  'plans/release-back.yaml': planOf('release-back', 3, [step('deploy', { retryPolicy: { maxAttempts: 3, backoffMultiplier: 2 } }), step('tell', { idempotent: false })]),
};

/** A folder with the configuration above and what a test adds to it; removed by `remove`. */
export class ScenarioFolder {
  private constructor(readonly path: string) {}

  static async create(files: Readonly<Record<string, unknown>> = {}): Promise<ScenarioFolder> {
    const folder = new ScenarioFolder(await mkdtemp(join(tmpdir(), 'belay-scenario-')));
    for (const [name, content] of Object.entries({ ...checkoutFiles, ...files })) await folder.write(name, content);
    return folder;
  }

  async write(name: string, content: unknown): Promise<string> {
    const file = join(this.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : stringify(content));
    return file;
  }

  async read(content: unknown): Promise<ScenarioFile> {
    return readScenarioFile(await this.write('scenarios.yaml', content), join(this.path, 'belay.yaml'));
  }

  /** Runs one scenario; `expect` may be left out. */
  async run(scenario: Readonly<Record<string, unknown>>): Promise<ScenarioResult> {
    const read = await this.read({ scenarios: [{ name: 'a scenario', expect: [{ not: { rollback: { level: 5 } } }], ...scenario }] });
    const [first] = read.ok ? read.scenarios : [];
    if (!read.ok || first === undefined) throw new Error(read.problems.map(({ line, column, message, hint }) => `${line}:${column} ${message} (${hint ?? ''})`).join('\n'));
    return testScenario(first, read.config);
  }

  /** What is wrong with a scenario, as `line:column message; hint`. */
  async problems(content: unknown): Promise<readonly string[]> {
    const { problems } = await this.read(content);
    return problems.map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint === undefined ? '' : `; ${hint}`}`);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The timeline as a test reads it: `2m15s alert …`. */
export function storyOf({ timeline }: ScenarioResult): readonly string[] {
  return timeline.map(({ ms, text }) => `${ms / 1000}s ${text}`);
}

export function plainText(result: ScenarioResult, cwd: string): string {
  return resultText(result, { paint: (_style, text) => text, cwd, verbose: false });
}
