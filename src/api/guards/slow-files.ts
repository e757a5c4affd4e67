import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';

/** A file goes on arriving while so much of it comes within so long: 52 kbit/s. */
const STEADY = { bytesMin: 64 * 1024, withinMs: 10_000 };

/** What a file may take that goes on arriving. */
export const FILE_ARRIVES_MS = 10 * MINUTE_MS;

/** Of a connection, or a stream of HTTP/2: a file comes in on it. */
const ARRIVING = Symbol('a file comes in');
type Carrier = object & { [ARRIVING]?: boolean };

/**
 * Lets a request take longer to arrive than others have. Whoever reads its body does so by {@link steadily}, which ends
 * it when it does not go on.
 */
export function mayArriveSlowly(request: FastifyRequest, reply: FastifyReply): void {
  const carrier = carrierOf(request);
  carrier[ARRIVING] = true;
  const over = () => {
    carrier[ARRIVING] = false;
  };
  reply.raw.once('finish', over).once('close', over);
}

/** Whether a file comes in on a connection, or a stream of HTTP/2. */
export function arrivesSlowly(carrier: Carrier): boolean {
  return carrier[ARRIVING] === true;
}

/**
 * The bytes of a body, while they come: however slow the line, and however long whoever takes them. Errors:
 * `request.too-slow` where less than {@link STEADY} came while one waited for so long.
 */
export async function* steadily(body: Readable, clock: Clock): AsyncGenerator<Buffer> {
  // Not `for await`: it would destroy the connection, on which the answer is still to be sent.
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (let [bytes, waitedMs] = [0, 0]; ; ) {
    const fromMs = clock.monotonicMs();
    const piece = await within(clock, STEADY.withinMs - waitedMs, pieces.next());
    if (piece.done) return;
    waitedMs += clock.monotonicMs() - fromMs;
    yield piece.value;
    bytes += piece.value.length;
    if (bytes >= STEADY.bytesMin) [bytes, waitedMs] = [0, 0];
    else if (waitedMs >= STEADY.withinMs) throw tooSlow();
  }
}

/**
 * Takes bodies of `types` as their bytes, and no others, also over a slow line ({@link steadily}). Each of its routes
 * says so by {@link mayArriveSlowly}. Errors: `request.too-large` beyond the limit of its route, as soon as that is
 * known; `request.too-slow`.
 */
export function takeSlowFiles(app: FastifyInstance, types: string | string[], clock: Clock): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    types,
    async (request: FastifyRequest, body: Readable) => await wholeOf(request, body, clock),
  );
}

async function wholeOf(request: FastifyRequest, body: Readable, clock: Clock): Promise<Buffer> {
  const { bodyLimit } = request.routeOptions;
  const declared = request.headers['content-length'];
  if (Number(declared ?? 0) > bodyLimit) throw tooLarge(bodyLimit);
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of steadily(body, clock)) {
    total += piece.length;
    if (total > bodyLimit) throw tooLarge(bodyLimit);
    pieces.push(piece);
  }
  if (declared !== undefined && Number(declared) !== total) throw new CitywatchError('request.malformed');
  return Buffer.concat(pieces);
}

function tooLarge(bytesMax: number): CitywatchError {
  return new CitywatchError('request.too-large', { detail: `A body has at most ${bytesMax} bytes here.` });
}

async function within<T>(clock: Clock, ms: number, coming: Promise<T>): Promise<T> {
  let stop = (): void => {};
  const late = new Promise<never>((_, reject) => {
    stop = clock.after(ms, () => reject(tooSlow()));
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    stop();
  }
}

function tooSlow(): CitywatchError {
  const { bytesMin, withinMs } = STEADY;
  const detail = `Less than ${bytesMin / 1024} KiB of the file came within ${withinMs / 1_000} s: send it again.`;
  return new CitywatchError('request.too-slow', { detail });
}

function carrierOf({ raw }: FastifyRequest): Carrier {
  return 'stream' in raw && raw.httpVersionMajor >= 2 ? (raw.stream as object) : raw.socket;
}
