import { z } from 'zod';

/** Text that a program, a file system or a database can be handed: never a NUL character. */
export const plainText = z.string().refine((text) => !text.includes('\0'), 'must not hold a NUL character');

/** A path; relative ones start at belay.yaml's directory. */
export const filePath = plainText.min(1);

/** A program and its arguments, each handed over as one. Never a line for a shell. */
export const argumentList = z.array(plainText, 'write the command as a list: [program, argument, …]').min(1)
  .refine(([program]) => program !== undefined && program !== '', 'the program is empty');

/** Where a command runs and what is added to its environment; `cwd` is relative to belay.yaml's directory. */
export const commandSurroundings = {
  cwd: plainText.min(1).optional(),
  env: z.record(plainText, plainText).optional(),
};
