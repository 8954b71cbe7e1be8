import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The service under guard, as far as the bench needs one: an error ratio per lane, 0 until the lane breaks. */
export interface MetricsServer {
  /** `host:port`, for scrape configurations. `/lane/3` shows lane 3 alone, `/all` shows every lane. */
  readonly host: string;
  breakLane(lane: number): void;
  stop(): Promise<void>;
}

export async function startMetricsServer(lanes: number): Promise<MetricsServer> {
  const ratios = Array.from({ length: lanes }, () => 0);
  const line = (lane: number): string => `bench_error_ratio{lane="${lane}"} ${ratios[lane] ?? 0}\n`;
  const server = createServer((request, response) => {
    const lane = /^\/lane\/(\d+)$/.exec(request.url ?? '')?.[1];
    const shown = lane === undefined ? ratios.map((_ratio, each) => each) : [Number(lane)];
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`# TYPE bench_error_ratio gauge\n${shown.map(line).join('')}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakLane(lane) {
      ratios[lane] = 1;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
