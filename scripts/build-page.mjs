// Builds the status page (src/page) into dist/page: one HTML file, and scripts and styles whose names tell their content.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

await build({
  root: fileURLToPath(new URL('../src/page', import.meta.url)),
  configFile: false,
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../dist/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy of content allows nothing inline, data: only as pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog(level, log, handle) {
        if (log.message.includes('externalized for browser')) throw new Error(`the page reaches a module of Node: ${log.message}`);
        handle(level, log);
      },
    },
  },
});
