import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Something of which parts may be asked for. */
export interface Ranged {
  bytes: number;
  /** From the first byte to the last one, both included. */
  read(start: number, end: number): Promise<Buffer | Readable>;
}

/** Answers with the part that the request asks for by `Range`, or all of it. Nothing of it may be kept on the way. */
export async function sendRange(
  request: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  { bytes, read }: Ranged,
): Promise<FastifyReply> {
  const part = partOf(request.headers.range, bytes);
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  reply.header('accept-ranges', 'bytes');
  if (part === 'none') return reply.code(416).header('content-range', `bytes */${bytes}`).send(Buffer.alloc(0));
  const { start, end } = part ?? { start: 0, end: bytes - 1 };
  if (part) reply.code(206).header('content-range', `bytes ${start}-${end}/${bytes}`);
  const body = await read(start, end);
  // Of a stream nobody else knows how much comes.
  reply.header('content-length', end - start + 1);
  return reply.send(body);
}

/** RFC 9110 §14: one range of bytes; null where none is asked for, or one in a form that need not be taken. */
function partOf(header: string | undefined, bytes: number): { start: number; end: number } | 'none' | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  return start > end ? 'none' : { start, end };
}
