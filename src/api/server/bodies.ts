import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';
import { hasRepeatedKey, jsonText } from '../../core/json.ts';
import { PAYLOAD_LIMITS } from '../../ingest/decode/codecs/codec.ts';
import { tooComplex } from '../../ingest/decode/codecs/json.ts';

/**
 * Takes JSON only, and only as UTF-8: a name with replaced characters would be stored as if it had been sent.
 * Keys that reach for prototypes are refused.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  const parseText = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const refusal = refuse(request, body);
    if (refusal) return done(refusal);
    const text = jsonText(body);
    // The parser would skip a second mark, which no other door does.
    if (text.startsWith('\ufeff')) return done(new CitywatchError('request.malformed'));
    parseText(request, text, (error, value) => done(error ?? refuseRepeatedKey(text, value), value));
  });
}

/**
 * Hands the bytes of a body on as they came, unpacked where they were sent with gzip: what the journal keeps is what
 * the device sent. Unpacked bytes have the limit of plain ones, and unpacking stops there. In what a device writes is
 * said by its kind; the type of the body only says whether it may be other than text.
 */
export function keepRawBodies(app: FastifyInstance, bytesMax: number): void {
  app.removeAllContentTypeParsers();
  const read = (request: FastifyRequest, sent: Buffer) => (isPacked(request) ? unpack(sent, bytesMax) : sent);
  app.addContentTypeParser<Buffer>(
    'application/cbor',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, sent: Buffer) => {
      return await read(request, sent);
    },
  );
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, sent: Buffer) => {
      const body = await read(request, sent);
      if (!isUtf8(body)) throw new CitywatchError('request.malformed', { detail: 'The body is not UTF-8.' });
      return body;
    },
  );
}

/** Refuses a body that is packed in any way, before it is read. */
export async function requirePlainBody(request: FastifyRequest): Promise<void> {
  const encoding = encodingOf(request);
  if (encoding !== 'identity') throw packed('Send the body without Content-Encoding.');
}

function refuse(request: FastifyRequest, body: Buffer): CitywatchError | null {
  if (encodingOf(request) !== 'identity') return packed('Send the body without Content-Encoding.');
  // Whoever walks over it later, or prints it, may do so one call within the other.
  if (tooComplex(body, PAYLOAD_LIMITS) === 'too-deep') {
    return new CitywatchError('request.malformed', { detail: 'The body is nested deeper than 32.' });
  }
  return isUtf8(body) ? null : new CitywatchError('request.malformed', { detail: 'The body is not UTF-8.' });
}

/** Last wins in one reader and first in another: what was checked must be what is used. */
function refuseRepeatedKey(text: string, value: unknown): CitywatchError | null {
  if (!hasRepeatedKey(text, value)) return null;
  return new CitywatchError('request.malformed', { detail: 'An object of the body has the same key twice.' });
}

/** Content codings are named without regard to case (RFC 9110 §8.4.1). */
function encodingOf(request: FastifyRequest): string {
  return (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
}

function packed(detail: string): CitywatchError {
  return new CitywatchError('request.media-type', { detail });
}

function isPacked(request: FastifyRequest): boolean {
  const encoding = encodingOf(request);
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  if (encoding === 'identity') return false;
  throw packed('Send the body without Content-Encoding, or with `gzip`, once.');
}

const unzip = promisify(gunzip);

/** Errors: `request.too-large` naming the limit, `request.malformed` for what is no whole gzip data. */
async function unpack(sent: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await unzip(sent, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new CitywatchError('request.too-large', { detail: `Unpacked, a body has at most ${bytesMax} bytes.` });
    }
    throw new CitywatchError('request.malformed', { detail: 'The body is not whole gzip data.', cause: error });
  }
}
