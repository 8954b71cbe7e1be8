#!/usr/bin/env node
import { main } from './cli/main.js';

// Who reads only the beginning (`belay check | head`) has seen enough; the exit code stays what it is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main(process.argv.slice(2));
