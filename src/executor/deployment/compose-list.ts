import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';

/** One container in the list of `docker compose ps --format json`. */
export interface ComposeContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly image: string;
  /** Absent for an image that is known by its digest or its id only. */
  readonly tag?: string | undefined;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`. */
  readonly state: string;
  /** Empty without a health check; else `starting`, `healthy`, `unhealthy`. */
  readonly health: string;
  readonly exitCode: number;
}

const containerSchema = z
  .object({ ID: z.string(), Name: z.string(), Service: z.string(), Image: z.string(), State: z.string(), Health: z.string().default(''), ExitCode: z.int().default(0) })
  .transform((entry): ComposeContainer => ({ id: entry.ID, name: entry.Name, service: entry.Service, image: entry.Image, tag: tagOf(entry.Image), state: entry.State, health: entry.Health, exitCode: entry.ExitCode }));

/** Since Compose 2.21 one object per line, before that one list. Throws `command-failed` for anything else. */
export function parseComposeList(output: string): ComposeContainer[] {
  const text = output.trim();
  try {
    const entries: unknown = text.startsWith('[') ? JSON.parse(text) : text.split('\n').filter((line) => line.trim() !== '').map((line): unknown => JSON.parse(line));
    return z.array(containerSchema).parse(entries);
  } catch (error) {
    throw new BelayError('command-failed', 'docker compose ps did not print a list of containers', { cause: error });
  }
}

/** `registry:5000/shop:v1` has the tag v1, and `registry:5000/shop` is the latest one. */
function tagOf(image: string): string | undefined {
  if (image.startsWith('sha256:') || image.includes('@')) return undefined;
  const [, tag] = image.slice(image.lastIndexOf('/') + 1).split(':');
  return tag ?? 'latest';
}
