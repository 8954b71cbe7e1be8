import { BelayError } from '../../fault/belay-error.js';
import type { ConfigurationMemory, ConfigurationRequest } from './configuration-provider.js';
import { capturedItemsSchema, captureItems, type CapturedItems, type ItemFile, restoreItems } from './item-file.js';

/** The items of a file that a step names: their values, and which of them are not there. */
export function itemMemory(file: ItemFile): ConfigurationMemory {
  return {
    capture: ({ parameters }) => captureItems(file, Object.keys(parameters.configItems ?? {})),
    putBack: (request, captured, { signal }) => restoreItems(file, capturedItems(request, captured), signal),
  };
}

/** Throws `undo-impossible` for data in another form. */
export function capturedItems({ parameters: { service } }: ConfigurationRequest, captured: unknown): CapturedItems {
  const read = capturedItemsSchema.safeParse(captured);
  if (read.success) return read.data;
  throw new BelayError('undo-impossible', `configuration of ${service}: what was captured is not in the form of items`);
}
