import { messageOf } from '../../core/errors.ts';
import { type RtspMessage, readMessage } from '../relay/rtsp-message.ts';

export type RtspRequest = Extract<RtspMessage, { type: 'request' }>;

/** What a player says: a request, or that it sent a frame (how it receives), which is not read. */
export type PlayerItem = RtspRequest | { type: 'frame' };

/** No player needs more: an address, a login and a few fields. */
const HEAD_BYTES = 8 * 1024;
const BODY_BYTES = 4 * 1024;
const BODY_LENGTH = /\r\ncontent-length[ \t]*:[ \t]*(\d{1,15})/i;
const DOLLAR = 0x24;
const FRAME_HEADER_BYTES = 4;

/** What came is no RTSP request, or a larger one than is taken. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadRequest';
  }
}

/**
 * Cuts what a player sends into requests (RFC 2326 §6). Holds one chunk and one head with its body; frames are passed
 * over without being held. What is neither is refused: unlike a camera, a player has no reason to send anything else.
 */
export class RequestReader {
  #waiting: Buffer = Buffer.alloc(0);
  /** Bytes of a frame that are still to come. */
  #skipped = 0;
  /** Where the end of a head was looked for already. */
  #searched = 0;
  /** Length of the request at the front, once its head is there. */
  #bytes: number | null = null;

  /** Adds what came. */
  push(chunk: Buffer): void {
    this.#waiting = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, chunk]) : chunk;
  }

  /** The next item; null when more must come first. After it threw {@link BadRequest} it is of no use. */
  next(): PlayerItem | null {
    this.#skip();
    while (this.#waiting[0] === 0x0d || this.#waiting[0] === 0x0a) this.#waiting = this.#waiting.subarray(1);
    if (this.#waiting.length === 0) return null;
    return this.#waiting[0] === DOLLAR ? this.#frame() : this.#request();
  }

  #skip(): void {
    const bytes = Math.min(this.#skipped, this.#waiting.length);
    this.#skipped -= bytes;
    this.#waiting = this.#waiting.subarray(bytes);
  }

  #frame(): PlayerItem | null {
    if (this.#waiting.length < FRAME_HEADER_BYTES) return null;
    this.#skipped = FRAME_HEADER_BYTES + this.#waiting.readUInt16BE(2);
    this.#skip();
    return { type: 'frame' };
  }

  #request(): PlayerItem | null {
    const data = this.#waiting;
    const first = data[0]!;
    if (first < 0x41 || first > 0x5a) throw new BadRequest('That is no RTSP request.');
    const bytes = this.#length(data);
    if (bytes === null || data.length < bytes) return null;
    this.#waiting = data.subarray(bytes);
    this.#searched = 0;
    this.#bytes = null;
    return requestOf(data.subarray(0, bytes));
  }

  /** Of the request at the front with its body; null while its head is not whole. */
  #length(data: Buffer): number | null {
    if (this.#bytes !== null) return this.#bytes;
    const end = this.#headEnd(data);
    if ((end ?? data.length) > HEAD_BYTES) throw new BadRequest(`A request head of more than ${HEAD_BYTES} bytes.`);
    if (end === null) return null;
    const body = Number(BODY_LENGTH.exec(data.toString('latin1', 0, end))?.[1] ?? '0');
    if (body > BODY_BYTES) throw new BadRequest(`A request body of more than ${BODY_BYTES} bytes.`);
    this.#bytes = end + body;
    return this.#bytes;
  }

  /** Past the empty line that ends the head; looked for once in each byte. */
  #headEnd(data: Buffer): number | null {
    const found = data.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3));
    if (found >= 0) return found + 4;
    this.#searched = data.length;
    return null;
  }
}

function requestOf(data: Buffer): RtspRequest {
  let read: ReturnType<typeof readMessage>;
  try {
    read = readMessage(data);
  } catch (error) {
    throw new BadRequest(messageOf(error));
  }
  if (typeof read === 'string' || read.message.type !== 'request') throw new BadRequest('That is no RTSP request.');
  return read.message;
}
