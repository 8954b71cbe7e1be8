import { join } from 'node:path';

/** Where `src/` stands compiled while tests run. It lies as deep as `src/`, because modules find files of the package from where they are. */
export const programs = join(import.meta.dirname, '../../.compiled');

/** `belay`, for node. */
export const belayProgram = join(programs, 'bin.js');
export const shopProgram = join(programs, 'demo/shop/shop.js');
export const shopctlProgram = join(programs, 'demo/shop/shopctl.js');
export const pluginProgram = join(programs, 'executor/plugin/plugin-process.js');
