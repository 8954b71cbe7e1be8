import { z } from 'zod';
import { writeCountsSchema } from './written-since.js';

/** The settings of a database that are changed to stop writes, as they were before. */
const writableSchema = z.object({ readOnly: z.string().nullable(), allowConnections: z.boolean() });
export type WritableBefore = z.infer<typeof writableSchema>;

const markSchema = z.discriminatedUnion('role', [
  /** A new database, of which nothing is in use yet. `ready`: restored and checked. `letIn`: the living one is again as it was `before`. `writes`: by the restore. */
  z.object({ role: z.literal('restoring'), run: z.string(), of: z.string(), snapshot: z.string(), phase: z.enum(['filling', 'ready']), before: writableSchema, letIn: z.boolean().default(false), writes: writeCountsSchema.optional() }),
  /** A database that was taken out of use, and by which it was replaced. `comment` and `before` are its own, to be put back. `writes`: those of the other one when it came into use. */
  z.object({ role: z.enum(['before', 'undone']), run: z.string(), of: z.string(), snapshot: z.string(), replacedBy: z.string(), comment: z.string().nullable(), before: writableSchema, writes: writeCountsSchema.optional() }),
]);
export type DatabaseMark = z.infer<typeof markSchema>;

const wordsOf: Readonly<Record<DatabaseMark['role'], (mark: DatabaseMark) => string>> = {
  restoring: ({ of, snapshot }) => `Belay restores ${of} from ${snapshot} here; not in use.`,
  before: ({ of, snapshot }) => `Kept by Belay: ${of} as it was before it was restored from ${snapshot}. Drop it once nobody needs it.`,
  undone: ({ of, snapshot }) => `Kept by Belay: ${of} as restored from ${snapshot}, and taken out of use again. Drop it once nobody needs it.`,
};

/** The comment on a database: words for people, then the mark. */
export function formatMark(mark: DatabaseMark): string {
  return `${wordsOf[mark.role](mark)} ${JSON.stringify({ belay: 1, ...mark })}`;
}

/** `undefined` for any comment that is not Belay's. */
export function parseMark(comment: string | null): DatabaseMark | undefined {
  const start = comment?.indexOf('{"belay":1,') ?? -1;
  if (comment === null || start === -1) return undefined;
  try {
    return markSchema.safeParse(JSON.parse(comment.slice(start))).data;
  } catch {
    return undefined; // Somebody has edited the comment: it is not ours any more.
  }
}
