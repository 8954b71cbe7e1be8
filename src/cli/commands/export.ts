import type { Command } from 'commander';
import { exportSchemas } from '../../config/export-schemas.js';
import { Output } from '../output.js';

/** `belay export schema`. */
export function exportCommand(program: Command): void {
  program
    .command('export')
    .description('files for other tools')
    .command('schema')
    .description('JSON Schemas of belay.yaml, rules and plans, for editors')
    .action(() => new Output().json(exportSchemas()));
}
