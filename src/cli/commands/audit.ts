import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { findDaemon } from '../../config/find-daemon.js';
import { JournalFile } from '../../store/journal-file.js';
import { systemClock } from '../../time/clock.js';
import { auditLine } from '../audit-line.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { instantArgument } from '../instant-argument.js';
import { Output } from '../output.js';

interface VerifyOptions {
  readonly store?: string;
  readonly expect?: { readonly seq: number; readonly hash: string };
  readonly json?: boolean;
}

interface ExportOptions {
  readonly store?: string;
  readonly from?: number;
  readonly to?: number;
  readonly target?: string;
  readonly incident?: string;
}

/** `belay audit verify` and `belay audit export`: who did what when, and that nobody has changed it since. */
export function auditCommands(program: Command, done: (code: ExitCode) => void): void {
  const now = systemClock.now();
  const audit = program.command('audit').description('the journal: who did what when, and whether it was changed afterwards');
  audit
    .command('verify')
    .description('go along the chain of hashes of the journal, and tell the first line that does not fit')
    .option('--store <file>', 'the store, instead of the one that belay.yaml names')
    .option('--expect <line:hash>', 'what an earlier verify has said and you have noted elsewhere: whoever can write the file can also chain it anew', anchor)
    .option('--json', 'for scripts')
    .addHelpText('after', '\nReads the file beside the running daemon. Exit code 1 when a line does not fit.\n\nExamples:\n  belay audit verify\n  belay audit verify --expect "$(cat /safe/place/belay-head)"')
    .action(async (options: VerifyOptions, command: Command) => {
      const verdict = await withJournal(options, command, (journal) => Promise.resolve(journal.verify(options.expect)));
      const { lines, removed, head, unfit } = verdict;
      const text = unfit === undefined ? `well: ${lines} lines fit${removed === 0 ? '' : `, ${removed} removed by the retention`}; to be held against it later: --expect ${head.seq}:${head.hash}` : `line ${unfit.seq} does not fit: ${unfit.why} (the ${lines} lines before it do)`;
      new Output().done(options, text, { ok: unfit === undefined, ...verdict });
      done(unfit === undefined ? exitCodes.ok : exitCodes.bad);
    });
  audit
    .command('export')
    .description('the journal as JSON Lines: when, who, what, on what, and the hash of the line')
    .option('--store <file>', 'the store, instead of the one that belay.yaml names')
    .option('--from <instant>', 'RFC 3339, unix seconds, or a duration ago (30d)', instantArgument(now))
    .option('--to <instant>', 'the same; up to it, without it', instantArgument(now))
    .option('--target <name>', 'of one target')
    .option('--incident <id>', 'of one incident')
    .option('--json', 'no other form: it is JSON Lines already')
    .addHelpText('after', '\nExamples:\n  belay audit export --from 90d > audit.jsonl\n  belay audit export --target checkout | jq -r \'select(.who != "belay") | [.at, .who, .what] | @tsv\'')
    .action((options: ExportOptions, command: Command) =>
      withJournal(options, command, async (journal) => {
        for (const line of journal.lines({ fromAt: options.from, toAt: options.to, target: options.target, incidentId: options.incident })) await new Output().writeLine(auditLine(line));
      }),
    );
}

async function withJournal<T>({ store }: { readonly store?: string }, command: Command, work: (journal: JournalFile) => Promise<T>): Promise<T> {
  const file = resolve(configFileOf(command));
  const journal = JournalFile.open(store === undefined ? (await findDaemon(file, dirname(file), process.env)).storePath : resolve(store));
  try {
    return await work(journal);
  } finally {
    journal.close();
  }
}

function anchor(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  if (seq === undefined || hash === undefined) throw new InvalidArgumentError('it is LINE:HASH, as belay audit verify has said it');
  return { seq: Number(seq), hash };
}
