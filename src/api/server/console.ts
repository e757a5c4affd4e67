import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';

/** One file of the built console, kept in memory. */
interface PageFile {
  body: Buffer;
  gzipped: Buffer | null;
  type: string;
  etag: string;
  cacheControl: string;
}

/** The built console: every file that is served, by its address. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};

/** Everything comes from this server. Video arrives through the page's own buffers, hence `blob:`. */
const CONSOLE_CSP = [
  "default-src 'self'",
  "media-src 'self' blob:",
  "img-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // The one policy of the page, which lets through the constant addresses of its own workers.
  'trusted-types citywatch',
].join('; ');

/** Where the page is served beside `/`: the addresses of its views, as web/src/ground/views.ts has them. */
export const CONSOLE_VIEWS = [
  '/map',
  '/wall',
  '/desk',
  '/video',
  '/devices',
  '/devices/:id',
  '/add-device',
  '/orders',
  '/orders/:number',
  '/passages',
  '/watchlists',
  '/watchlists/:id',
  '/shift',
  '/figures',
  '/admin',
  '/admin/:piece',
  '/settings',
  '/alerts/:id',
] as const;

const INDEX = '/index.html';
const NOT_FOUND = '/not-found.html';
/** Keeps the page on devices: all of it, which its own address alone would not allow everywhere. */
const SERVICE_WORKER = '/sw.js';
/** The name of a built file holds a hash of what is in it, so it never changes. */
const HASHED = /^\/assets\//;
const GZIP_BYTES_MIN = 1024;
const zipped = promisify<Buffer, Buffer>(gzip);

/**
 * Reads the built console. Errors: `config.invalid` when it was not built; only what a build of ours holds is taken.
 */
export async function readPages(directory: string): Promise<PageFiles> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const read = entries.map(async (entry): Promise<[string, PageFile] | null> => {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || entry.name.startsWith('.') || type === undefined) return null;
    const path = join(entry.parentPath, entry.name);
    const address = `/${relative(directory, path).split(sep).join('/')}`;
    return [address, await pageFile(address, type, await readFile(path))];
  });
  const files = new Map((await Promise.all(read)).filter((file) => file !== null));
  if (!files.has(INDEX) || !files.has(NOT_FOUND)) {
    throw new CitywatchError('config.invalid', {
      detail: 'The console is not built; run `node scripts/build-web.mjs`.',
    });
  }
  return files;
}

async function pageFile(address: string, type: string, body: Buffer): Promise<PageFile> {
  const smaller = body.length >= GZIP_BYTES_MIN ? await zipped(body) : body;
  return {
    body,
    gzipped: smaller.length < body.length ? smaller : null,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: HASHED.test(address) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

/**
 * Serves the console at `/`, open to everybody: it holds nothing but the page, and what the page shows comes through
 * the API. Each file is a route of its own, so an address that climbs or points elsewhere finds nothing. To be called
 * on the whole server, not on a part of it: the page that says "no such page" answers every address a browser goes to.
 */
export function serveConsole(app: FastifyInstance, files: PageFiles): void {
  for (const [address, file] of files) {
    if (address === NOT_FOUND) continue;
    const url = address === INDEX ? '/' : address;
    app.get(url, { config: { public: true }, schema: { hide: true } }, (request, reply) => {
      if (address === SERVICE_WORKER) reply.header('service-worker-allowed', '/');
      return answer(request, reply, file);
    });
  }
  for (const url of CONSOLE_VIEWS) {
    app.get(url, { config: { public: true }, schema: { hide: true } }, (request, reply) => {
      if (!isVisit(request)) throw new CitywatchError('not-found');
      return answer(request, reply, files.get(INDEX)!);
    });
  }
  const page = files.get(NOT_FOUND);
  app.addHook('onRequest', async (request, reply) => {
    if (!page || !request.is404 || !isVisit(request)) return;
    return answer(request, reply.code(404), { ...page, cacheControl: 'no-store' });
  });
}

/** A browser that goes to an address, as opposed to a program that asks the API. */
function isVisit({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return !/^\/api(\/|$|\?)/.test(url) && /\btext\/html\b/.test(headers.accept ?? '');
}

function answer(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply
    .header('content-security-policy', CONSOLE_CSP)
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', file.cacheControl)
    .header('vary', 'accept-encoding');
  const isFresh = reply.statusCode === 200 && isKnown(request, file.etag);
  if (reply.statusCode === 200) reply.header('etag', file.etag);
  if (isFresh) return reply.code(304).send();
  const packed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) ? file.gzipped : null;
  if (packed) reply.header('content-encoding', 'gzip');
  return reply.type(file.type).send(packed ?? file.body);
}

/** Proxies may mark a tag as weak; what it stands for is the same. */
function isKnown(request: FastifyRequest, etag: string): boolean {
  const known = String(request.headers['if-none-match'] ?? '').split(',');
  return known.some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
