import { z } from 'zod';

/** Text that a program, a file system or a database can be handed: never a NUL character. */
export const plainText = z.string().refine((text) => !text.includes('\0'), 'must not hold a NUL character');

/** A path; relative ones start at belay.yaml's directory. */
export const filePath = plainText.min(1).meta({ title: 'path' });

/** A program and its arguments, each handed over as one. Never a line for a shell. */
export const argumentList = z.array(plainText, 'write the command as a list: [program, argument, …]').min(1)
  .refine(([program]) => program !== undefined && program !== '', 'the program is empty')
  .meta({ title: 'argument list' });

/** Where a command runs and what is added to its environment; `cwd` is relative to belay.yaml's directory. */
export const commandSurroundings = {
  cwd: filePath.optional().describe('Where commands run; without it the folder of `belay.yaml`.'),
  env: z.record(plainText, plainText).optional().describe('Added to the environment of commands.'),
};
