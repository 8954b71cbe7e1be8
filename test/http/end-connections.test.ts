import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { endConnections } from '../../src/http/end-connections.js';

/** A server that answers `/slow` when it is let, and a connection to it that has said `text`. */
async function held(text: string, graceMs: number): Promise<{ readonly close: () => Promise<void>; readonly socket: Socket; readonly ended: Promise<string>; readonly answer: () => void }> {
  const app = Fastify();
  let answer = (): void => undefined;
  const asked = new Promise<void>((begun) => {
    app.get('/slow', async () => {
      begun();
      await new Promise<void>((resolve) => (answer = resolve));
      return 'done';
    });
  });
  endConnections(app, graceMs);
  const accepted = once(app.server, 'connection');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk.toString()));
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
  socket.on('error', () => socket.destroy());
  const [there] = (await accepted) as [Socket];
  if (text !== '') {
    socket.write(text);
    if (text.endsWith('\r\n\r\n')) await asked;
    else while (there.bytesRead === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { close: () => app.close(), socket, ended, answer: () => answer() };
}

test('a connection on which nothing was ever asked, as browsers open them ahead, does not hold the end up', async () => {
  const { close, ended } = await held('', 3_600_000);
  await close();
  expect(await ended).toBe('');
});

test('neither does a request that never arrives whole, for longer than the grace', async () => {
  const { close, ended } = await held('GET /slow HTTP/1.1\r\nHost: b', 0);
  await close();
  expect(await ended).toBe('');
});

test('a request that is under way is answered first', async () => {
  const { close, ended, answer } = await held('GET /slow HTTP/1.1\r\nHost: belay\r\nConnection: close\r\n\r\n', 3_600_000);
  const closed = close();
  answer();
  await closed;
  expect(await ended).toMatch(/^HTTP\/1.1 200 OK[^]*done$/);
});
