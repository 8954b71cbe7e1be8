import type { Command } from 'commander';
import { daemonAddress } from './daemon-address.js';
import { DaemonClient } from './daemon-client.js';

/** The file that `--config` names. */
export function configFileOf(command: Command): string {
  return command.optsWithGlobals<{ config: string }>().config;
}

/** The running daemon that the command line is meant for. */
export async function daemonOf(command: Command): Promise<DaemonClient> {
  return new DaemonClient(await daemonAddress(configFileOf(command)));
}
