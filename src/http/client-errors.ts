import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { formatDuration } from '../time/duration.js';
import type { ErrorCode } from '../fault/error-codes.js';

/**
 * Answers on a connection what has not become a request, and ends it. A request that did not arrive in time is 503 and
 * not 408: it may have been this machine that was too slow to read it, and Alertmanager tries again after 5xx only.
 */
export function clientErrorHandler(requestTimeoutMs: number): (error: Error & { readonly code?: string }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable && !hasBegunToAnswer(socket)) {
      const { status, message } = refusalOf(error.code, requestTimeoutMs);
      const body = JSON.stringify({ error: { code: 'wrong-use' satisfies ErrorCode, message, context: {} } });
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    }
    socket.destroy(error);
  };
}

function refusalOf(code: string | undefined, requestTimeoutMs: number): { readonly status: number; readonly message: string } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 503, message: `The request did not arrive within ${formatDuration(requestTimeoutMs)}; send it again.` };
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, message: 'The headers of the request are too large.' };
    default:
      return { status: 400, message: 'This is no HTTP request.' };
  }
}

/** A second answer in the middle of the first would be taken for a part of it. */
function hasBegunToAnswer(socket: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}
