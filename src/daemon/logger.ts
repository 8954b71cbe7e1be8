import { pino, type Logger } from 'pino';
import type { Redactor } from '../secret/redactor.js';

/**
 * The daemon's log: JSON lines on stderr, secrets blanked. ERROR: a person should act now; WARN: something is wrong and
 * Belay copes; INFO: what it decides and does; DEBUG: how.
 */
export function createLogger(redactor: Redactor, level = 'info'): Logger {
  return pino(
    { level, base: { name: 'belay' }, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => process.stderr.write(redactor.text(line)) },
  );
}
