import type { Command } from 'commander';
import type { ExitCode } from './exit-code.js';

type Done = (code: ExitCode) => void;

interface Part {
  readonly names: readonly string[];
  readonly add: (program: Command, done: Done) => Promise<void>;
}

/** The commands in the order of the help. Each is loaded by itself: the daemon's parts take longer to load than `belay status` takes to answer. */
const parts: readonly Part[] = [
  { names: ['init'], add: async (program) => (await import('./commands/init.js')).initCommand(program) },
  { names: ['run'], add: async (program, done) => (await import('./commands/run.js')).runCommand(program, done) },
  { names: ['check'], add: async (program, done) => (await import('./commands/check.js')).checkCommand(program, done) },
  { names: ['doctor'], add: async (program, done) => (await import('./commands/doctor.js')).doctorCommand(program, done) },
  { names: ['test'], add: async (program, done) => (await import('./commands/test.js')).testCommand(program, done) },
  { names: ['backtest'], add: async (program, done) => (await import('./commands/backtest.js')).backtestCommand(program, done) },
  { names: ['status'], add: async (program) => (await import('./commands/status.js')).statusCommand(program) },
  { names: ['plan'], add: async (program, done) => (await import('./commands/plan.js')).planCommand(program, done) },
  { names: ['rollback', 'cancel'], add: async (program, done) => (await import('./commands/rollback.js')).rollbackCommands(program, done) },
  { names: ['drill'], add: async (program, done) => (await import('./commands/drill.js')).drillCommand(program, done) },
  { names: ['undo', 'verify'], add: async (program, done) => (await import('./commands/undo.js')).undoCommands(program, done) },
  { names: ['approve', 'reject'], add: async (program) => (await import('./commands/approve.js')).approvalCommands(program) },
  { names: ['incidents', 'ack', 'close'], add: async (program) => (await import('./commands/incidents.js')).incidentCommands(program) },
  { names: ['report'], add: async (program) => (await import('./commands/report.js')).reportCommand(program) },
  { names: ['pause', 'resume', 'reset'], add: async (program) => (await import('./commands/pause.js')).pauseCommands(program) },
  { names: ['mark'], add: async (program) => (await import('./commands/mark.js')).markCommand(program) },
  { names: ['audit'], add: async (program, done) => (await import('./commands/audit.js')).auditCommands(program, done) },
  { names: ['export'], add: async (program, done) => (await import('./commands/export.js')).exportCommand(program, done) },
  { names: ['notify'], add: async (program, done) => (await import('./commands/notify.js')).notifyCommand(program, done) },
  { names: ['completion'], add: async (program) => (await import('./commands/completion.js')).completionCommand(program) },
  { names: ['demo'], add: async (program, done) => (await import('./commands/demo.js')).demoCommand(program, done) },
];

/** Adds what `argv` may ask for: the commands that it names, and all of them where it names none, so that the help and a "did you mean" are whole. */
export async function addCommands(program: Command, argv: readonly string[], done: Done): Promise<void> {
  const named = parts.filter(({ names }) => names.some((name) => argv.includes(name)));
  // The completion of a shell knows them all.
  const asksForAll = ['help', '--help', '-h'].includes(argv[0] ?? '') || (argv.includes('completion') && !argv.includes('--ids'));
  for (const { add } of named.length === 0 || asksForAll ? parts : named) await add(program, done);
}
