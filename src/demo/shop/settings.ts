import { parse } from 'yaml';
import { z } from 'zod';

const settingsSchema = z.object({
  taxPercent: z.number().min(0),
  /** Baskets with more lines are refused. */
  maxLines: z.int().positive(),
  /** Orders that the warehouse takes per second, and the depth of its queue from which the shop calls itself unhealthy. */
  warehouse: z.object({ perSecond: z.number().positive(), unhealthyFrom: z.int().positive() }),
  /** Since release v2. */
  shipping: z.object({ price: z.number().min(0), freeFrom: z.number().min(0) }).optional(),
});

/** The shop's configuration, `shop.yaml` in its git repository. */
export type Settings = z.infer<typeof settingsSchema>;

/** Throws when the text is not YAML or not a configuration of the shop. */
export function parseSettings(text: string): Settings {
  return settingsSchema.parse(parse(text));
}
