import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Settings } from './settings.js';

export const basketSchema = z.object({
  lines: z.array(z.object({ sku: z.string(), quantity: z.int().positive() })).min(1),
  coupon: z.object({ code: z.string(), percent: z.number().min(0).max(100) }).optional(),
});
export type Basket = z.infer<typeof basketSchema>;

export interface CheckoutContext {
  readonly settings: Settings;
  isOn(flag: string): boolean;
}

/** The code that a release directory brings. A thrown error with a `statusCode` is the customer's fault; any other is a bug. */
export interface Release {
  readonly version: string;
  products(): readonly unknown[];
  checkout(basket: Basket, context: CheckoutContext): Readonly<Record<string, unknown>>;
}

const releaseSchema = z.object({ version: z.string(), products: z.function(), checkout: z.function() });

/** Loads the release that a directory, or a symlink to it, holds. Rejects when it is not one. */
export async function loadRelease(directory: string): Promise<Release> {
  const module: unknown = await import(pathToFileURL(join(await realpath(directory), 'release.mjs')).href);
  releaseSchema.parse({ ...(module as object) });
  return module as Release;
}
