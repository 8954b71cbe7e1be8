// `npm run sim`: runs the simulation's TypeScript as it is.
import { register } from 'tsx/esm/api';

register();
await import('../test/simulation/main.ts');
