import type { Command } from 'commander';
import { commandsOf } from './command-paths.js';

export type Shell = 'bash' | 'zsh' | 'fish';
export type IdKind = 'plans' | 'targets' | 'incidents';

/** The commands whose first argument is an id that can be told cheaply. */
const idsOf: Readonly<Record<string, IdKind>> = { plan: 'plans', rollback: 'plans', incidents: 'incidents', ack: 'incidents', close: 'incidents', report: 'incidents' };

/** A script that completes commands, options and ids in a shell. */
export function completionScript(program: Command, shell: Shell): string {
  if (shell === 'fish') return fishScript(program);
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}` : bashScript(program);
}

function bashScript(program: Command): string {
  const all = commandsOf(program);
  const words = (command: Command): string => [...command.commands.map((sub) => sub.name()), ...optionsOf(command)].join(' ');
  const cases = all.map(({ command, path }) => {
    const ids = idsOf[path];
    return `    '${path}') words="${words(command)}${ids === undefined ? '' : ` $(belay completion --ids ${ids} 2>/dev/null)`}" ;;`;
  });
  return [
    '_belay() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" path="" words="" i',
    '  COMPREPLY=()',
    '  case "$prev" in',
    '    --target) COMPREPLY=($(compgen -W "$(belay completion --ids targets 2>/dev/null)" -- "$cur")); return ;;',
    '    -c|--config|--store|--out|--html|--junit|--csv) COMPREPLY=($(compgen -f -- "$cur")); return ;;',
    '  esac',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case "${path:+$path }${COMP_WORDS[i]}" in',
    `      ${all.map(({ path }) => `'${path}'`).join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;`,
    '    esac',
    '  done',
    '  case "$path" in',
    `    '') words="${words(program)}" ;;`,
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    `  case "$path" in test) COMPREPLY+=($(compgen -f -- "$cur")) ;; esac`,
    '}',
    'complete -F _belay belay',
  ].join('\n');
}

function fishScript(program: Command): string {
  const top = program.commands.map((command) => `complete -c belay -f -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`);
  const rest = commandsOf(program).flatMap(({ command, path }) => {
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const condition = `-n ${quoted(seen)}`;
    const ids = idsOf[path];
    return [
      ...command.commands.map((sub) => `complete -c belay -f ${condition} -a ${sub.name()} -d ${quoted(sub.description())}`),
      ...command.options.map(({ long, short, description, required }) => `complete -c belay ${condition}${long === undefined ? '' : ` -l ${long.slice(2)}`}${short === undefined ? '' : ` -s ${short.slice(1)}`}${required ? ' -r' : ''}${long === '--target' ? " -f -a '(belay completion --ids targets 2>/dev/null)'" : ''} -d ${quoted(description)}`),
      ...(ids === undefined ? [] : [`complete -c belay -f ${condition} -a '(belay completion --ids ${ids} 2>/dev/null)'`]),
    ];
  });
  return [...top, ...rest].join('\n');
}

function optionsOf(command: Command): readonly string[] {
  return [...command.options.flatMap(({ long }) => long ?? []), '--help'];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
