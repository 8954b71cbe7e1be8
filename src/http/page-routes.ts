import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BelayError } from '../fault/belay-error.js';
import type { Api } from './api.js';

interface PageFile {
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Where the build puts the page; the same from `src` and from `dist`. */
const builtPage = fileURLToPath(new URL('../../dist/page/', import.meta.url));

/** The addresses that the page itself makes views of; a link to any of them is answered with the page. */
const viewPaths = ['/', '/targets/:name', '/incidents', '/incidents/:id', '/plans', '/plans/:id'] as const;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing inline, nothing from elsewhere, in nobody's frame. Pictures may be data, because plots are drawn as such. */
const protection = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
} as const;

/**
 * The status page. It is open to everybody, because it holds nothing: what it shows comes from the interface, which
 * asks who wants to know. The few files are read once.
 */
export function pageRoutes(api: Api, folder = builtPage): void {
  const config = { role: 'open' } as const;
  const files = readPage(folder);
  for (const path of viewPaths) {
    api.get(path, { config, schema: { hide: true } }, (request, reply) => {
      const page = files.get('index.html');
      if (page === undefined) throw new BelayError('not-found', 'The status page is not built here: npm run build');
      return send(page, 'no-cache', request, reply);
    });
  }
  api.get<{ Params: { name: string } }>('/assets/:name', { config, schema: { hide: true } }, (request, reply) => {
    const file = files.get(`assets/${request.params.name}`);
    if (file === undefined) throw new BelayError('not-found', 'There is no such file of the status page; load the page anew.');
    // The name tells the content.
    return send(file, 'public, max-age=31536000, immutable', request, reply);
  });
}

function readPage(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in types);
  return new Map(names.map((name) => [name.replaceAll(sep, '/'), pageFile(readFileSync(join(folder, name)), extname(name))]));
}

function pageFile(body: Buffer, extension: string): PageFile {
  return {
    body,
    gzipped: gzipSync(body, { level: 9 }),
    type: types[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}

function send({ body, gzipped, type, etag }: PageFile, caching: string, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  void reply.headers({ ...protection, 'cache-control': caching, etag, vary: 'accept-encoding' }).type(type);
  if (headers['if-none-match'] === etag) return reply.code(304).send();
  const takesGzip = headers['accept-encoding']?.includes('gzip') === true;
  return takesGzip ? reply.header('content-encoding', 'gzip').send(gzipped) : reply.send(body);
}
