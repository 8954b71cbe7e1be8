import { writeFile } from 'node:fs/promises';

/** How the rules and the triggers of every contender read: this metric above this threshold for this long. */
export const METRIC = 'bench_error_ratio';
export const THRESHOLD = 0.5;

/** Tuned as far as is sensible: Prometheus evaluates and scrapes every second, where it does so every minute by default. */
const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };

/** Each lane is a scrape job of its own, because Prometheus gives each job a phase of its own within the second. */
export function scrapeLanes(host: string, lanes: number): Readonly<Record<string, unknown>> {
  return { global, scrape_configs: laneNumbers(lanes).map((lane) => scrapeJob(`lane-${lane}`, host, `/lane/${lane}`)) };
}

export function scrapeAllAtOnce(host: string): Readonly<Record<string, unknown>> {
  return { global, scrape_configs: [scrapeJob('lanes', host, '/all')] };
}

/** Writes one rule per lane, each in a group of its own for the same reason. Gives what prometheus.yml says of them. */
export async function writeRules(file: string, lanes: number, forSeconds: number): Promise<Readonly<Record<string, unknown>>> {
  const groups = laneNumbers(lanes).map((lane) => ({
    name: `lane-${lane}`,
    rules: [{ alert: `LaneBroken${lane}`, expr: `${METRIC}{lane="${lane}"} > ${THRESHOLD}`, for: `${forSeconds}s` }],
  }));
  await writeFile(file, JSON.stringify({ groups }));
  return { rule_files: [file] };
}

export function alertTo(alertmanagerUrl: string): Readonly<Record<string, unknown>> {
  return { alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanagerUrl).host] }] }] } };
}

/** One Alertmanager with two ways to the same webhook program: without waiting, and with all defaults (`group_wait: 30s`). */
export function alertmanagerConfig(webhookUrl: string): Readonly<Record<string, unknown>> {
  const receiver = (name: string): Readonly<Record<string, unknown>> => ({ name, webhook_configs: [{ url: webhookUrl }] });
  return {
    route: {
      receiver: 'stock',
      group_by: ['alertname'],
      routes: [{ receiver: 'tuned', group_wait: '0s', continue: true }, { receiver: 'stock' }],
    },
    receivers: [receiver('tuned'), receiver('stock')],
  };
}

function scrapeJob(name: string, host: string, path: string): Readonly<Record<string, unknown>> {
  return { job_name: name, metrics_path: path, static_configs: [{ targets: [host] }] };
}

export function laneNumbers(lanes: number): number[] {
  return Array.from({ length: lanes }, (_, lane) => lane);
}
