import { z } from 'zod';
import { argumentList, commandSurroundings, filePath, plainText } from '../../calls/command-line.js';
import { backupsSchema } from '../backup/backup-place.js';

const TOOLS = ['dbmate', 'knex', 'node-pg-migrate', 'prisma', 'sql', 'command'] as const;

export const migrationsBinding = z
  .strictObject({
    type: z.literal('migrations'),
    tool: z.enum(TOOLS).describe('What applied them.'),
    url: z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres://').meta({ title: 'postgres:// URL', description: 'Goes to the tool as `DATABASE_URL` in its environment.' }),
    directory: filePath.default('db/migrations').describe('The files of the migrations.'),
    /** How the tool is called; without it, by its name. */
    program: argumentList.optional().describe('How the tool is called, such as `[npx, knex]`; without it, by its name.'),
    /** Where it keeps which migrations are applied; without it, the tool's own usual table. */
    table: plainText.regex(/^[^"\s]+$/, 'must be the plain name of a table').optional().describe('Where the tool notes what is applied; without it, its usual table.'),
    /** For the tool `command`: `status` prints every migration on a line of its own, oldest first: `[x] name` where it is applied, else `[ ] name`. */
    status: argumentList.optional().describe('For `command`: prints every migration on a line, oldest first, `[x] name` where it is applied, else `[ ] name`.'),
    down: argumentList.optional().describe('For `command`: reverses the newest, which is `${migration}`.'),
    up: argumentList.optional().describe('For `command`: applies `${migration}`.'),
    ...commandSurroundings,
    /** Dumps of this database, of which the newest must be good before anything is reversed. */
    backups: z.union([z.literal('none'), backupsSchema]).describe('Dumps of the database, of which the newest must be good before anything is reversed.'),
    /** Where pg_restore is, which reads the backups. */
    programs: plainText.min(1).optional().meta({ title: 'path', description: 'The folder of `pg_restore`; without it, `PATH`.' }),
  })
  .superRefine(({ tool, ...written }, context) => {
    if (tool === 'command') return;
    for (const key of ['status', 'down', 'up'] as const) if (written[key] !== undefined) context.addIssue({ code: 'custom', path: [key], message: `has a place with tool: command only; ${tool} is asked by itself` });
  })
  .refine(({ tool, status, down, up }) => tool !== 'command' || [status, down, up].every((list) => list !== undefined), 'the tool "command" needs status, down and up');
export type MigrationsBinding = z.infer<typeof migrationsBinding>;
