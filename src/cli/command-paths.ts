import type { Command } from 'commander';

/** Every command and what is typed for it, in the order of the help. */
export function commandsOf(parent: Command, before = ''): readonly { readonly command: Command; readonly path: string }[] {
  return parent.commands.flatMap((command) => {
    const path = `${before}${command.name()}`;
    return [{ command, path }, ...commandsOf(command, `${path} `)];
  });
}
