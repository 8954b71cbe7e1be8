// Copies what tsc leaves behind (SQL migrations, the font of pictures) into dist/, beside the modules that read them.
import { chmodSync, cpSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The page is built by build-page.mjs.
cpSync('src', 'dist', { recursive: true, filter: (path) => path !== join('src', 'page') && !path.endsWith('.ts') });
const font = dirname(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/package.json')));
cpSync(join(font, 'ttf/DejaVuSans.ttf'), 'dist/plot/DejaVuSans.ttf');
cpSync(join(font, 'LICENSE'), 'dist/plot/DejaVuSans.LICENSE');
if (existsSync('dist/bin.js')) chmodSync('dist/bin.js', 0o755);
