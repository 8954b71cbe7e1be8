import type { Command } from 'commander';
import type { StatusView, TargetView, TriggerView } from '../../http/guard-api.js';
import { formatDuration } from '../../time/duration.js';
import { alertStateText } from '../alert-state-text.js';
import { daemonOf } from '../context.js';
import { drillRows } from '../drill-text.js';
import { openApprovalText } from '../approval-text.js';
import { statusText } from '../incident-text.js';
import { liveChanges } from '../live/live-changes.js';
import { watchDaemon } from '../live/watch-daemon.js';
import { Output } from '../output.js';

/** `belay status`: what the daemon sees and does. */
export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('what the running daemon sees and does')
    .option('-w, --watch', 'go on showing it until ctrl-c')
    .option('--json', 'for scripts; with --watch a line for each event')
    .addHelpText('after', '\nExamples:\n  belay status\n  belay status --watch\n  belay status --json | jq .targets')
    .action(async (options: { watch?: boolean; json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      if (options.watch === true) {
        await watchDaemon(daemon, options, {
          linesOf: ({ status, triggers }, output) => statusLines(status, triggers, output),
          // Its first line counts the seconds.
          changes: (before, after, output) => liveChanges(before, after, ({ status }) => statusLines(status, [], output).slice(1)),
        });
        return;
      }
      const status = await daemon.get<StatusView>('/api/v1/status');
      const { triggers } = await daemon.get<{ triggers: readonly TriggerView[] }>('/api/v1/triggers');
      const output = new Output();
      if (options.json === true) output.json({ ...status, triggers });
      else output.answer(statusLines(status, triggers, output).join('\n'));
    });
}

function statusLines(status: StatusView, triggers: readonly TriggerView[], output: Output): string[] {
  const { mode, environment, version, now, startedAt } = status;
  const modeText = mode === 'enforce' ? mode : output.style('yellow', mode === 'dry-run' ? 'DRY RUN' : mode);
  const lines = [`belay ${version} guards ${environment} in mode ${modeText}, up for ${formatDuration(Math.round((now - startedAt) / 1000) * 1000)}`];
  if (status.configurationRefused !== undefined) lines.push(output.style('red', `the files on disk are refused: ${status.configurationRefused.problems.join('; ')}`));
  for (const pause of status.pauses) lines.push(output.style('yellow', `paused (${pause.target ?? 'all targets'}) by ${pause.by}: ${pause.reason}  ${pause.id}`));
  for (const approval of status.approvals) lines.push(output.style('yellow', openApprovalText(approval, now)));
  for (const source of status.sources) {
    if (source.state === 'blind') lines.push(output.style('red', `blind: ${source.name}: ${source.message ?? 'no usable answer'}`));
  }
  for (const channel of status.channels) {
    if (channel.state !== 'working') lines.push(output.style('red', `${channel.state === 'dead' ? 'dead channel' : 'failing channel'}: ${channel.name}: ${channel.error ?? 'it takes no messages'}`));
  }
  for (const target of status.targets) {
    const state = target.openIncident === undefined ? output.style('green', 'well') : `${statusText(target.openIncident.status, output)}  ${target.openIncident.id}`;
    lines.push('', `${output.style('bold', target.name)}  ${state}${target.mode === mode ? '' : `  ${target.mode}`}`);
    lines.push(...versionLines(target, output));
    const rows = triggers.filter((trigger) => trigger.target === target.name).flatMap((trigger) => triggerRows(trigger, output));
    lines.push(output.table(rows));
  }
  if (status.drills.length > 0) lines.push('', output.style('bold', 'drills'), output.table(drillRows(status.drills, now, output)));
  return lines;
}

function versionLines({ running, lastGood, versionUnknown }: TargetView, output: Output): string[] {
  const known = [...(running === undefined ? [] : [`runs ${running}`]), ...(lastGood === undefined ? [] : [`last known good ${lastGood}`])];
  return [
    ...(known.length === 0 ? [] : [output.style('dim', `  ${known.join(', ')}`)]),
    ...(versionUnknown === undefined ? [] : [output.style('yellow', `  its version is not known now: ${versionUnknown}`)]),
  ];
}

function triggerRows(trigger: TriggerView, output: Output): string[][] {
  const rule = `${trigger.condition} ${trigger.window}`;
  if (trigger.alerts.length === 0) {
    const { name, message } = trigger;
    return [[`  ${name}`, message === undefined ? output.style('dim', 'no data yet') : output.style('red', 'blind'), rule, message ?? '']];
  }
  return trigger.alerts.map((alert) => [
    `  ${trigger.name}${labelText(alert.labels)}`,
    stateText(alert, output),
    rule,
    alert.value ?? '',
  ]);
}

function stateText(alert: TriggerView['alerts'][number], output: Output): string {
  const text = alertStateText(alert);
  if (alert.health === 'err') return output.style(text.startsWith('blind') ? 'red' : 'dim', text);
  return output.style(({ inactive: 'green', pending: 'yellow', firing: 'red' } as const)[alert.state], alert.state === 'inactive' ? 'ok' : text);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`;
}
