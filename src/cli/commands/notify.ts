import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Config } from '../../config/config.js';
import { readConfig } from '../../daemon/read-config.js';
import { BelayError } from '../../fault/belay-error.js';
import type { JournalEntry } from '../../incident/incident-event.js';
import { wordedKinds } from '../../notify/default-templates.js';
import type { Message } from '../../notify/message.js';
import type { Audience } from '../../notify/placeholders.js';
import { createChannels } from '../../notify/notifier.js';
import { customerMessagesOf, messagesOf, previewChannels, previewPage, previewText, sampleMessages, type PreviewChannel } from '../../notify/preview.js';
import { samplePlot, sampleJournal } from '../../notify/sample-incident.js';
import { tryChannels } from '../../notify/try-channels.js';
import { plotPng } from '../../plot/plot-png.js';
import { Redactor } from '../../secret/redactor.js';
import { readJournal } from '../../store/read-journal.js';
import { systemClock } from '../../time/clock.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';

interface PreviewOptions {
  readonly kind?: string;
  readonly channel: PreviewChannel;
  readonly audience: Audience;
  readonly incident?: string;
  readonly out?: string;
}

/** `belay notify preview` and `belay notify test`; neither needs a daemon. */
export function notifyCommand(program: Command, done: (code: ExitCode) => void): void {
  const command = program.command('notify').description('what people are told: look at it, and try whether it arrives');
  command
    .command('preview')
    .description('show what would be sent, of an invented incident or of one that has been')
    .addOption(new Option('--kind <kind>', 'only messages of this kind').choices(wordedKinds))
    .addOption(new Option('--channel <channel>', 'how it is shown').choices(previewChannels).default('text'))
    .addOption(new Option('--audience <audience>', 'who reads it').choices(['internal', 'customer']).default('internal'))
    .option('--incident <id>', 'an incident of the journal instead of the invented one')
    .option('--out <file>', 'write it there: .html as email or slack show it, .png for the plot alone, anything else as it is printed')
    .addHelpText('after', '\nExamples:\n  belay notify preview                                          every message of an invented incident\n  belay notify preview --kind needs-human --channel slack --out card.html\n  belay notify preview --incident incident-1f0c… --channel email --out mail.html')
    .action(async (options: PreviewOptions, self: Command) => {
      const config = await configIfAny(self);
      const messages = chosen(options, config);
      const output = new Output();
      if (options.out === undefined) {
        output.answer(messages.map((message) => previewText(message, options.channel).trimEnd()).join(options.channel === 'text' ? `\n\n${'─'.repeat(60)}\n\n` : '\n'));
        return;
      }
      await writeFile(options.out, await fileOf(options.out, messages, options));
      output.talk(`written to ${options.out}`);
    });
  command
    .command('test')
    .description('really send a marked test message through every configured channel, and tell what came of it')
    .option('--channel <name>', 'only this one: slack, email, webhook …')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExit code 1 when a channel has not taken it, or there is none.')
    .action(async (options: { channel?: string; json?: boolean }, self: Command) => {
      const redactor = new Redactor();
      const config = await readConfig(resolve(configFileOf(self)), redactor);
      // Customers are not bothered with tests.
      const channels = createChannels(config.notify, systemClock);
      const asked = channels.filter(({ name }) => options.channel === undefined || name === options.channel);
      if (options.channel !== undefined && asked.length === 0) throw new BelayError('wrong-use', `there is no channel "${options.channel}"; configured: ${channels.map(({ name }) => name).join(', ') || 'none'}`);
      const tried = redactor.data(await tryChannels(asked, config.environment, systemClock.now()));
      channels.forEach((channel) => channel.close());
      const output = new Output();
      if (options.json === true) output.json(tried);
      else if (tried.length === 0) output.answer('no channel is configured, so nobody would be told: add notify.slack, notify.email or notify.webhook to belay.yaml');
      else for (const { channel, isSent, problem, mend } of tried) output.answer([`${channel}: ${isSent ? output.style('green', 'sent') : output.style('red', 'NOT sent')}${problem === undefined ? '' : `: ${problem}`}`, ...(mend === undefined ? [] : [`  to mend it: ${mend}`])].join('\n'));
      done(tried.length > 0 && tried.every(({ isSent }) => isSent) ? exitCodes.ok : exitCodes.bad);
    });
}

/** Without files there are still the usual words; files that are not well are told. */
async function configIfAny(command: Command): Promise<Config | undefined> {
  const file = resolve(configFileOf(command));
  const isDefault = command.getOptionValueSourceWithGlobals('config') === 'default';
  return isDefault && !existsSync(file) ? undefined : readConfig(file, new Redactor());
}

function chosen({ kind, incident, audience }: PreviewOptions, config: Config | undefined): readonly Message[] {
  if (incident !== undefined && config === undefined) throw new BelayError('wrong-use', 'an incident is read from the store that belay.yaml names: give --config');
  const [target, environment] = [config?.targets[0]?.name ?? 'checkout', config?.environment ?? 'production'];
  const entries = incident === undefined || config === undefined ? sampleJournal(target, environment) : incidentIn(config.storePath, incident);
  if (entries.length === 0) throw new BelayError('not-found', `there is no incident ${incident ?? ''}`);
  const all = audience === 'internal' ? (incident === undefined ? sampleMessages(target, environment, config?.notify.wording) : messagesOf(entries, config?.notify.wording)) : customerMessagesOf(entries, config?.notify);
  const messages = all.filter((message) => kind === undefined || message.kind === kind);
  if (messages.length === 0) throw new BelayError('not-found', `${incident === undefined ? 'the invented incident' : `incident ${incident}`} leads to no ${audience} message${kind === undefined ? '' : ` of the kind ${kind}`}`);
  return kind === undefined || incident !== undefined ? messages : messages.slice(0, 1);
}

function incidentIn(storePath: string, incidentId: string): readonly JournalEntry[] {
  const entries = readJournal(storePath, { incidentId });
  if (entries === undefined) throw new BelayError('store-unavailable', `there is no store at ${storePath}: no daemon has run with these files`, { context: { path: storePath } });
  return entries;
}

async function fileOf(path: string, messages: readonly Message[], { channel, incident }: PreviewOptions): Promise<string | Buffer> {
  // What was measured in a real incident is at its source, which a preview does not ask.
  const picture = async (): Promise<Buffer | undefined> => (incident === undefined ? plotPng(samplePlot()) : undefined);
  switch (extname(path)) {
    case '.png': {
      const png = await picture();
      if (png === undefined) throw new BelayError('wrong-use', 'the plot of a real incident is in its report: belay report ID --format html');
      return png;
    }
    case '.html': {
      if (channel !== 'email' && channel !== 'slack') throw new BelayError('wrong-use', 'a page shows what email or slack show: add --channel email or --channel slack');
      if (messages.length > 1) throw new BelayError('wrong-use', `a page shows one message, and there are ${messages.length}: add --kind`);
      const [message] = messages;
      return message === undefined ? '' : previewPage(message, channel, await picture());
    }
    default:
      return messages.map((message) => previewText(message, channel)).join('\n');
  }
}
