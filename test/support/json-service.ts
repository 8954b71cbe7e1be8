import { createServer, type IncomingMessage } from 'node:http';

export interface ServedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface JsonService {
  readonly url: string;
  readonly requests: ServedRequest[];
  close(): Promise<void>;
}

/** A real HTTP server on a free port. What `answer` returns is sent as JSON; `undefined` leaves the request without an answer. */
export async function startJsonService(answer: (request: ServedRequest) => { status: number; body?: unknown; headers?: Record<string, string> } | undefined): Promise<JsonService> {
  const requests: ServedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = { method: incoming.method!, url: incoming.url!, headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      const answered = answer(request);
      if (answered === undefined) return;
      response.writeHead(answered.status, { 'content-type': 'application/json', ...answered.headers });
      response.end(answered.body === undefined ? '' : JSON.stringify(answered.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
