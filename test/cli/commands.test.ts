import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addCommands } from '../../src/cli/commands.js';

async function commandsFor(...argv: string[]): Promise<string[]> {
  const program = new Command('belay');
  await addCommands(program, argv, () => undefined);
  return program.commands.map((command) => command.name());
}

it('loads each command by its own name, with few others', async () => {
  const all = await commandsFor();
  expect(all.length).toBeGreaterThan(20);
  for (const name of all) {
    const loaded = await commandsFor('--verbose', name, '--json');
    expect(loaded, name).toContain(name);
    if (name !== 'completion') expect(loaded.length, name).toBeLessThan(5);
  }
});

it('loads all of them for the help, and where none is named', async () => {
  const all = await commandsFor();
  expect(await commandsFor('--help', 'status')).toEqual(all);
  expect(await commandsFor('stats')).toEqual(all);
});
