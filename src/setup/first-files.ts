import type { Candidate } from './candidate.js';
import type { FoundBindings } from './found-bindings.js';

/** Where the metrics of the target come from. */
export type MetricsPlace = { readonly kind: 'prometheus' | 'scrape'; readonly url: string };

export interface ProposedTrigger {
  readonly candidate: Candidate;
  readonly condition: string;
  /** What the past says of it, as comment lines. */
  readonly past: readonly string[];
  /** Whether it may start a rollback. */
  readonly acts: boolean;
}

export interface FirstFiles {
  readonly target: string;
  readonly place: MetricsPlace;
  readonly health?: { readonly url: string; readonly status?: string | undefined } | undefined;
  readonly triggers: readonly ProposedTrigger[];
  readonly bindings: FoundBindings;
}

/** `belay check` names every place that still says so. */
const FILL_IN = 'FILL IN:';
/** The level at which the proposed triggers begin, and the highest that they may climb to. */
const CODE_LEVEL = 3;

/** The files of a first configuration by their path in its folder. */
export function firstFiles(parts: FirstFiles): Readonly<Record<string, string>> {
  const { target, bindings } = parts;
  const file = fileName(target);
  return {
    'belay.yaml': belayFile(parts),
    [`rules/${file}.yaml`]: rulesFile(parts),
    [`plans/${file}-release-back.yaml`]: releasePlan(parts),
    ...(bindings.flags === undefined ? {} : { [`plans/${file}-flag-off.yaml`]: flagPlan(target, bindings.flags) }),
  };
}

/** A target's name as a part of a file's. */
export function fileName(target: string): string {
  return target.replaceAll(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'target';
}

function belayFile({ target, place, health, bindings: { compose, flags } }: FirstFiles): string {
  const name = sourceName(place);
  const expect = health?.status === undefined ? '{ status: 200 }' : `{ status: 200, json: { status: ${quoted(health.status)} } }`;
  return lines([
    '# Belay sees, decides and tells, and changes nothing: with `mode: enforce` it acts.',
    'environment: production',
    'mode: dry-run',
    'sources:',
    `  ${name}: { type: ${place.kind}, url: ${quoted(place.url)}, interval: ${place.kind === 'prometheus' ? '15s' : '5s'} }`,
    'targets:',
    `  ${key(target)}:`,
    '    owners: []',
    ...(health === undefined ? [`    # health: { url: ${quoted(place.kind === 'scrape' ? new URL('/health', place.url).href : 'http://127.0.0.1:3000/health')} }   # then a plan is proved by it, too`] : [`    health: { url: ${quoted(health.url)}, expect: ${expect} }`]),
    ...(flags === undefined ? [] : ['featureFlags:', `  default: { type: file, path: ${quoted(flags.file)} }`]),
    'deployments:',
    ...(compose === undefined
      ? [
          '  # What else there is: pm2, symlink, kubernetes, compose, systemd, github-actions, http (docs/providers.md).',
          `  ${key(target)}:`,
          '    type: command',
          `    deploy: ["${FILL_IN} the command that deploys a version", "\${version}"]`,
          `    current: ["${FILL_IN} the command that prints the version that runs"]`,
        ]
      : [`  ${key(target)}: { type: compose, projectDirectory: ".", service: ${quoted(compose.service)}, tagVariable: ${compose.tagVariable} }`]),
    '# Who is told; without it, `belay status` and the log are all there is.',
    '# notify:',
    '#   slack: { token: "${env:SLACK_TOKEN}", channel: "#incidents" }',
    '#   email: { smtp: "smtp://127.0.0.1:25", from: belay@example.com, to: [oncall@example.com] }',
  ]);
}

function rulesFile({ target, place, triggers, bindings }: FirstFiles): string {
  return lines([
    `# When ${target} counts as broken.`,
    ...(place.kind === 'scrape' ? ['# Usual thresholds, not learned ones: a scraped endpoint keeps no history. A week of dry run tells whether they are right.'] : []),
    `target: ${quoted(target)}`,
    'triggers:',
    ...triggers.flatMap(({ candidate, condition, past, acts }, index) => {
      const { watches, severity, summary } = candidate;
      const window = watches.kind === 'health' ? '{ consecutive: 4 }' : candidate.window;
      return [
        ...(index === 0 ? [] : ['']),
        ...past.map((line) => `  # ${line}`),
        `  - name: ${quoted(triggerName(target, candidate))}`,
        `    source: ${watches.kind === 'health' ? 'health' : sourceName(place)}`,
        ...(watches.kind === 'health' ? [] : [`    signal: ${flow(watches.signal)}`]),
        `    condition: ${quoted(condition)}`,
        `    for: ${window}`,
        `    severity: ${severity}`,
        ...(acts ? [bindings.flags === undefined ? `    level: ${CODE_LEVEL}` : `    levels: [1, ${CODE_LEVEL}]`] : ['    response: monitor']),
        `    annotations: { summary: ${quoted(summary)} }`,
      ];
    }),
  ]);
}

function releasePlan({ target }: FirstFiles): string {
  return lines([
    '# The release that was last known to be good. Belay learns of it by `belay mark good`, or by itself (docs/changes.md).',
    `id: ${quoted(`${fileName(target)}-release-back`)}`,
    `name: ${quoted(`Bring the last good release of ${target} back`)}`,
    `target: ${quoted(target)}`,
    `level: ${CODE_LEVEL}`,
    'steps:',
    '  - id: release',
    '    name: Deploy the last good release',
    '    type: deployment',
    `    parameters: { service: ${quoted(target)}, version: "\${rollbackPoint.version}", environment: "\${context.environment}" }`,
    '    timeout: 300',
    'verification: { hold: 2m, timeout: 10m }',
  ]);
}

function flagPlan(target: string, { keys }: NonNullable<FoundBindings['flags']>): string {
  const [only] = keys.length === 1 ? keys : [];
  return lines([
    `id: ${quoted(`${fileName(target)}-flag-off`)}`,
    `name: ${quoted(only === undefined ? `Switch the newest feature of ${target} off` : `Switch ${only} off`)}`,
    `target: ${quoted(target)}`,
    'level: 1',
    'steps:',
    '  - id: flag',
    '    name: Switch the flag off',
    '    type: feature-flag',
    `    parameters: { flagKey: ${quoted(only ?? `${FILL_IN} one of ${keys.slice(0, 20).join(', ')}`)}, targetState: false }`,
    '    timeout: 30',
    'verification: { hold: 2m, timeout: 10m }',
  ]);
}

export function triggerName(target: string, { name }: Candidate): string {
  const words = target.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') + name;
}

function sourceName({ kind }: MetricsPlace): string {
  return kind === 'prometheus' ? 'prometheus' : 'app';
}

/** JSON is YAML, and needs no other rules of quoting. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function key(name: string): string {
  return /^[a-z][\w-]*$/i.test(name) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(name) ? name : quoted(name);
}

function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' && /^\w[\w:.]*$/.test(value) && !/^\d+(?![smhd]$)|^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value) ? value : JSON.stringify(value);
  const entries = Object.entries(value).filter(([name, part]) => name !== 'select' || Object.keys(part as object).length > 0);
  return `{ ${entries.map(([name, part]) => `${key(name)}: ${flow(part)}`).join(', ')} }`;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
