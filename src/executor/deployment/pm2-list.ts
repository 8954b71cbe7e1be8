import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';

/** One process in pm2's list. */
export interface Pm2Process {
  /** Absent for one that a reload is about to end. */
  readonly id?: number | undefined;
  readonly name: string;
  readonly namespace?: string | undefined;
  /** `online`, `launching`, `stopping`, `stopped`, `errored`, `waiting restart` … */
  readonly status: string;
  /** Absent where nothing runs. */
  readonly pid?: number | undefined;
  /** How often it was started again, by whomever. */
  readonly restarts: number;
  /** When it was started last; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly mode: 'cluster' | 'fork';
  /** The script and the directory that it was started with; links in them are as they were given. */
  readonly script?: string | undefined;
  readonly cwd?: string | undefined;
}

const entrySchema = z.object({
  name: z.string(),
  pm_id: z.union([z.int(), z.string()]),
  pid: z.number().nullish(),
  pm2_env: z.object({
    namespace: z.string().optional(),
    status: z.string(),
    restart_time: z.number().default(0),
    pm_uptime: z.number().default(0),
    exec_mode: z.string().optional(),
    pm_exec_path: z.string().optional(),
    pm_cwd: z.string().optional(),
  }),
});
const listSchema = z.array(entrySchema);

/** Reads what `pm2 jlist` printed, whatever it said before and after the list. Throws `command-failed` where there is none. */
export function parsePm2List(output: string): Pm2Process[] {
  let isEmpty = false;
  for (const candidate of candidates(output)) {
    const list = listSchema.safeParse(candidate);
    if (list.success && list.data.length > 0) return list.data.map(processOf);
    isEmpty ||= list.success;
  }
  if (isEmpty) return [];
  throw new BelayError('command-failed', 'pm2 jlist did not print a list of processes');
}

/** Every JSON list that begins anywhere and ends with its line or with the last entry of the output; pm2's notes begin with `[PM2]`. */
function* candidates(output: string): Generator {
  for (const { index } of output.matchAll(/\[(?=\s*[{\]])/g)) {
    const lineEnd = output.indexOf('\n', index);
    for (const end of [lineEnd === -1 ? output.length : lineEnd, output.lastIndexOf('}]') + 2]) {
      const json = parseJson(output.slice(index, end));
      if (json !== undefined) yield json;
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No JSON text parses to undefined.
  }
}

function processOf({ name, pm_id: id, pid, pm2_env: env }: z.infer<typeof entrySchema>): Pm2Process {
  return {
    id: typeof id === 'number' ? id : undefined,
    name,
    namespace: env.namespace,
    status: env.status,
    pid: typeof pid === 'number' && pid > 0 ? pid : undefined,
    restarts: env.restart_time,
    startedAt: env.pm_uptime,
    mode: env.exec_mode === 'cluster_mode' ? 'cluster' : 'fork',
    script: env.pm_exec_path,
    cwd: env.pm_cwd,
  };
}
