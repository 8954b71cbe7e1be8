import type { Command, Option } from 'commander';
import { commandsOf } from './command-paths.js';

export type Shell = 'bash' | 'zsh' | 'fish';
export type IdKind = 'plans' | 'targets' | 'incidents';

/** The commands whose first argument is an id that can be told cheaply. */
const idsOf: Readonly<Record<string, IdKind>> = { plan: 'plans', rollback: 'plans', drill: 'plans', incidents: 'incidents', ack: 'incidents', close: 'incidents', report: 'incidents' };
/** The options whose value is a file. */
const FILE_OPTIONS: readonly string[] = ['--config', '--store', '--out', '--html', '--junit', '--csv'];
const FILE_COMMAND = 'test';

/** A script that completes commands, options and ids in a shell. */
export function completionScript(program: Command, shell: Shell): string {
  if (shell === 'fish') return fishScript(program);
  return shell === 'zsh' ? `(( $+functions[compdef] )) || { autoload -U +X compinit && compinit }\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}` : bashScript(program);
}

/** zsh runs it too, where `path` and `words` are its own: no variable here has one of its names. */
function bashScript(program: Command): string {
  const all = commandsOf(program);
  const offered = (command: Command): string => [...wordsOf(command), ...longOptionsOf(command), ...(command === program ? [] : longOptionsOf(program)), '--help'].join(' ');
  const cases = all.map(({ command, path }) => {
    const ids = idsOf[path];
    return `    '${path}') offered="${offered(command)}${ids === undefined ? '' : ` $(belay completion --ids ${ids} 2>/dev/null)`}" ;;`;
  });
  return [
    '_belay() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" typed="" offered="" i',
    '  COMPREPLY=()',
    '  case "$prev" in',
    '    --target) COMPREPLY=($(compgen -W "$(belay completion --ids targets 2>/dev/null)" -- "$cur")); return ;;',
    `    -c|${FILE_OPTIONS.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    '  esac',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case "${typed:+$typed }${COMP_WORDS[i]}" in',
    `      ${all.map(({ path }) => `'${path}'`).join('|')}) typed="\${typed:+$typed }\${COMP_WORDS[i]}" ;;`,
    '    esac',
    '  done',
    '  case "$typed" in',
    `    '') offered="${offered(program)}" ;;`,
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$offered" -- "$cur"))',
    `  case "$typed" in ${FILE_COMMAND}) COMPREPLY+=($(compgen -f -- "$cur")) ;; esac`,
    '}',
    'complete -F _belay belay',
  ].join('\n');
}

function fishScript(program: Command): string {
  const all = commandsOf(program);
  const rest = [{ command: program, path: '' }, ...all].flatMap(({ command, path }) => {
    const here = `complete -c belay -n ${quoted(`__belay_at ${path}`.trimEnd())}`;
    const ids = idsOf[path];
    return [
      ...command.commands.map((sub) => `${here} -a ${sub.name()} -d ${quoted(sub.description())}`),
      ...choicesOf(command).map((choice) => `${here} -a ${choice}`),
      ...(command === program ? [] : command.options.filter(({ hidden }) => !hidden).map((option) => `${here}${fishOption(option)}`)),
      ...(ids === undefined ? [] : [`${here} -a '(belay completion --ids ${ids} 2>/dev/null)'`]),
    ];
  });
  return [
    `set -g __belay_commands ${all.map(({ path }) => quoted(path)).join(' ')}`,
    '# Whether the command that has been typed so far is this one.',
    'function __belay_at',
    '  set -l typed',
    '  for word in (commandline -opc)[2..-1]',
    '    contains -- (string join " " $typed $word) $__belay_commands; and set -a typed $word',
    '  end',
    '  test "$typed" = "$argv"',
    'end',
    'complete -c belay -f',
    `complete -c belay -F -n '__belay_at ${FILE_COMMAND}'`,
    ...program.options.map((option) => `complete -c belay${fishOption(option)}`),
    `complete -c belay -l help -s h -d 'display help for command'`,
    ...rest,
  ].join('\n');
}

function fishOption({ long, short, description, required }: Option): string {
  const names = `${long === undefined ? '' : ` -l ${long.slice(2)}`}${short === undefined ? '' : ` -s ${short.slice(1)}`}`;
  const values = long === '--target' ? ` -a '(belay completion --ids targets 2>/dev/null)'` : FILE_OPTIONS.includes(long ?? '') ? ' -F' : '';
  return `${names}${required ? ' -r' : ''}${values} -d ${quoted(description)}`;
}

/** What may be typed after a command that is no option. */
function wordsOf(command: Command): readonly string[] {
  return [...command.commands.map((sub) => sub.name()), ...choicesOf(command)];
}

function choicesOf({ registeredArguments }: Command): readonly string[] {
  return registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
}

function longOptionsOf({ options }: Command): readonly string[] {
  return options.flatMap(({ long, hidden }) => (hidden || long === undefined ? [] : [long]));
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
