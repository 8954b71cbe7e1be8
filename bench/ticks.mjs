// `node bench/ticks.mjs`: runs the TypeScript of this folder as it is.
import { register } from 'tsx/esm/api';

register();
await import('./ticks-main.ts');
