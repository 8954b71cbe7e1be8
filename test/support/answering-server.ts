import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small HTTP server whose answer a test can change at any time. */
export interface AnsweringServer {
  readonly url: string;
  status: number;
  headers: Record<string, string>;
  text: string;
  /** Instead of `status`, `headers` and `text`. */
  respond: ((request: IncomingMessage, response: ServerResponse, body: string) => void) | undefined;
  /** What was asked so far, oldest first. */
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  stop(): Promise<void>;
}

export async function startAnsweringServer(text = '', headers: Record<string, string> = { 'content-type': 'text/plain; version=0.0.4' }): Promise<AnsweringServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      answering.requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      if (answering.respond !== undefined) answering.respond(request, response, body);
      else response.writeHead(answering.status, answering.headers).end(answering.text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answering: AnsweringServer = {
    url: `http://127.0.0.1:${String(port)}`,
    status: 200,
    headers,
    text,
    respond: undefined,
    requests: [],
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return answering;
}
