import { z } from 'zod';

const flagsSchema = z.object({
  flags: z.record(
    z.string(),
    z.object({ state: z.enum(['ENABLED', 'DISABLED']), variants: z.record(z.string(), z.unknown()), defaultVariant: z.string() }),
  ),
});

/** Flag key → whether it is on. */
export type Flags = Readonly<Record<string, boolean>>;

/** Reads flagd's JSON format; a disabled flag is off. Throws when the text is something else. */
export function parseFlags(text: string): Flags {
  const { flags } = flagsSchema.parse(JSON.parse(text));
  return Object.fromEntries(
    Object.entries(flags).map(([key, flag]) => [key, flag.state === 'ENABLED' && flag.variants[flag.defaultVariant] === true]),
  );
}

/** The text of a flags file with these boolean flags. */
export function formatFlags(flags: Flags): string {
  const entries = Object.entries(flags).map(([key, on]) => [
    key,
    { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: on ? 'on' : 'off' },
  ]);
  return `${JSON.stringify({ $schema: 'https://flagd.dev/schema/v0/flags.json', flags: Object.fromEntries(entries) as unknown }, null, 2)}\n`;
}
