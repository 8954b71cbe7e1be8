import { z } from 'zod';
import type { StateChange } from '../state-executor.js';
import { commandTraffic, commandTrafficBinding, httpTraffic, httpTrafficBinding } from './asked-traffic.js';
import { composeScale, composeScaleBinding } from './compose-scale.js';
import { fileTraffic, fileTrafficBinding } from './file-traffic.js';
import { kubernetesScale, kubernetesScaleBinding } from './kubernetes-scale.js';
import { nginxTraffic, nginxTrafficBinding } from './nginx-traffic.js';
import { pm2Worker, pm2WorkerBinding } from './pm2-worker.js';
import { statuspageBinding, statuspageIncident } from './statuspage-incident.js';
import { systemdWorker, systemdWorkerBinding } from './systemd-worker.js';
import type { TrafficRequest } from './traffic-request.js';
import { trafficWishes, type TrafficWish } from './traffic-wish.js';

/** An entry of `traffic`: what lets requests and work through to one service, or holds them off. */
export const trafficBindingSchema = z.discriminatedUnion('type', [
  fileTrafficBinding,
  nginxTrafficBinding,
  kubernetesScaleBinding,
  composeScaleBinding,
  pm2WorkerBinding,
  systemdWorkerBinding,
  statuspageBinding,
  httpTrafficBinding,
  commandTrafficBinding,
]);
export type TrafficBinding = z.infer<typeof trafficBindingSchema>;

/** What each type can be asked for. */
export const wishesOfType: Readonly<Record<TrafficBinding['type'], readonly TrafficWish[]>> = {
  file: ['maintenance'],
  nginx: ['maintenance'],
  kubernetes: ['replicas'],
  compose: ['replicas'],
  pm2: ['worker'],
  systemd: ['worker'],
  statuspage: ['incident'],
  http: trafficWishes,
  command: trafficWishes,
};

export function trafficChange(binding: TrafficBinding, directory: string, request: TrafficRequest): StateChange {
  switch (binding.type) {
    case 'file':
      return fileTraffic(binding, directory, request);
    case 'nginx':
      return nginxTraffic(binding, directory, request);
    case 'kubernetes':
      return kubernetesScale(binding, directory, request);
    case 'compose':
      return composeScale(binding, directory, request);
    case 'pm2':
      return pm2Worker(binding, directory, request);
    case 'systemd':
      return systemdWorker(binding, directory, request);
    case 'statuspage':
      return statuspageIncident(binding, request);
    case 'http':
      return httpTraffic(binding, request);
    case 'command':
      return commandTraffic(binding, directory, request);
    default:
      return binding satisfies never;
  }
}
