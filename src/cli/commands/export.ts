import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exportSchemas } from '../../config/export-schemas.js';
import { readConfig } from '../../daemon/read-config.js';
import { grafanaDashboard } from '../../export/grafana-dashboard.js';
import { exportPrometheusRules } from '../../export/prometheus-rules.js';
import { Redactor } from '../../secret/redactor.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';

/** `belay export schema`, `belay export prometheus-rules` and `belay export grafana`. */
export function exportCommand(program: Command, done: (code: ExitCode) => void): void {
  const command = program.command('export').description('files for other tools');
  command
    .command('schema')
    .description('JSON Schemas of belay.yaml, rules and plans, for editors')
    .action(() => new Output().json(exportSchemas()));
  command
    .command('grafana')
    .description("a Grafana dashboard of Belay's own metrics, and of each trigger against its threshold")
    .option('--job <name>', 'the job under which the Prometheus scrapes Belay', 'belay')
    .addHelpText('after', '\nImport it in Grafana (Dashboards, New, Import), or provision it as a file; it asks for the Prometheus.\n\nExample:\n  belay export grafana > belay-dashboard.json')
    .action(async ({ job }: { job: string }, self: Command) => {
      const redactor = new Redactor();
      const config = await readConfig(resolve(configFileOf(self)), redactor);
      const { dashboard, left } = grafanaDashboard(config, job);
      const output = new Output();
      for (const { trigger, message } of left) output.talk(redactor.text(`${trigger}: ${message}`));
      output.json(redactor.data(dashboard));
    });
  command
    .command('prometheus-rules')
    .description('the triggers as alerting rules of Prometheus; what rules cannot say is told on stderr and in comments')
    .addHelpText('after', '\nExit code 1 when not one trigger can be a rule.\n\nExample:\n  belay export prometheus-rules > belay-rules.yaml && promtool check rules belay-rules.yaml')
    .action(async (_options: object, self: Command) => {
      const redactor = new Redactor();
      const config = await readConfig(resolve(configFileOf(self)), redactor);
      const { yaml, exported, remarks } = exportPrometheusRules(config);
      const output = new Output();
      for (const { trigger, message } of remarks) output.talk(redactor.text(`${trigger}: ${message}`));
      output.answer(redactor.text(yaml).trimEnd());
      done(exported === 0 && config.triggers.length > 0 ? exitCodes.bad : exitCodes.ok);
    });
}
