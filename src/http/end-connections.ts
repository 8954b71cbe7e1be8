import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Lets `close` come to its end whoever holds a connection. Node waits for those on which nothing was ever asked, and
 * browsers open such ahead of what they will ask; and it waits without end for requests that never arrive whole.
 * Requests that are under way get `graceMs`.
 */
export function endConnections(app: FastifyInstance, graceMs: number): void {
  const open = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  app.addHook('preClose', (done) => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    const grace = setTimeout(() => open.forEach((socket) => socket.destroy()), graceMs);
    app.server.once('close', () => clearTimeout(grace));
    done();
  });
}
