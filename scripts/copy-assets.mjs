// Copies what tsc leaves behind (SQL migrations) into dist/, beside the modules that read them.
import { chmodSync, cpSync, existsSync } from 'node:fs';

cpSync('src', 'dist', { recursive: true, filter: (path) => !path.endsWith('.ts') && !path.endsWith('.tsx') });
if (existsSync('dist/bin.js')) chmodSync('dist/bin.js', 0o755);
