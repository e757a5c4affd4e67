import { StreamFailure } from '../types.ts';

/** What comes over one RTSP connection (RFC 2326): answers, requests, and frames of media between them. */
export type RtspItem =
  | { type: 'response'; status: number; headers: ReadonlyMap<string, string[]>; body: Buffer }
  | { type: 'request'; method: string; uri: string; headers: ReadonlyMap<string, string[]>; body: Buffer }
  /** Whole interleaved frames as they came, one after the other, all on channels that were asked for. */
  | { type: 'frames'; data: Buffer };

const HEAD_BYTES = 16 * 1024;
const BODY_BYTES = 64 * 1024;
const HEADERS_MAX = 100;
const DOLLAR = 0x24;
const FRAME_HEADER_BYTES = 4;
/** A camera that mixes in this many frames in a row that are no RTP does not send RTP. */
const BAD_FRAMES_MAX = 50;
const STATUS_LINE = /^RTSP\/1\.\d (\d{3})(?: |$)/;
const REQUEST_LINE = /^([A-Z_]{2,20}) (\S{1,2048}) RTSP\/1\.\d$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})[ \t]*:(.*)$/;

/** Cuts the bytes of an RTSP connection into items. Holds at most one head, body or frame that is not complete. */
export class RtspReader {
  /** Channels whose frames are handed out; others are dropped. */
  channels: readonly number[] = [];
  #waiting: Buffer = Buffer.alloc(0);
  #badFrames = 0;

  /** The items that became complete with `chunk`. After it threw ({@link StreamFailure} `nonsense`) it is of no use. */
  push(chunk: Buffer): RtspItem[] {
    let data = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, chunk]) : chunk;
    const items: RtspItem[] = [];
    for (;;) {
      const used = data[0] === DOLLAR ? this.#frames(data, items) : this.#message(data, items);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#waiting = data;
    return items;
  }

  /** Takes all whole frames at the front, handing out runs of wanted ones without copying. Returns bytes used. */
  #frames(data: Buffer, items: RtspItem[]): number {
    let at = 0;
    let runFrom = 0;
    const flush = () => {
      if (at > runFrom) items.push({ type: 'frames', data: data.subarray(runFrom, at) });
    };
    while (data[at] === DOLLAR && at + FRAME_HEADER_BYTES <= data.length) {
      const next = at + FRAME_HEADER_BYTES + data.readUInt16BE(at + 2);
      if (next > data.length) break;
      if (!this.#wanted(data, at, next)) {
        flush();
        runFrom = next;
      }
      at = next;
    }
    flush();
    return at;
  }

  #wanted(data: Buffer, from: number, to: number): boolean {
    if (!this.channels.includes(data[from + 1]!)) return false;
    // Version 2 in the first two bits, of RTP and of RTCP alike.
    const sound = to - from >= FRAME_HEADER_BYTES + 8 && data[from + FRAME_HEADER_BYTES]! >> 6 === 2;
    this.#badFrames = sound ? 0 : this.#badFrames + 1;
    if (this.#badFrames > BAD_FRAMES_MAX) throw new StreamFailure('nonsense', 'The media frames are not RTP.');
    return sound;
  }

  #message(data: Buffer, items: RtspItem[]): number {
    // Some cameras put empty lines between messages.
    if (data[0] === 0x0d || data[0] === 0x0a) return 1;
    if (data.length === 0) return 0;
    if (data[0]! < 0x41 || data[0]! > 0x5a) throw new StreamFailure('nonsense', 'Bytes that belong to nothing.');
    const end = data.indexOf('\r\n\r\n');
    // Noise that happens to begin with a letter is told from a slow head by its bytes, not by waiting for its end.
    const head = data.subarray(0, end < 0 ? HEAD_BYTES : end);
    if (head.some(isControl)) throw new StreamFailure('nonsense', 'A message head that is no text.');
    if (end < 0 || end > HEAD_BYTES) {
      if (data.length > HEAD_BYTES) throw new StreamFailure('nonsense', 'A message head without end.');
      return 0;
    }
    const [first = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
    const headers = parseHeaders(lines);
    const length = bodyLength(headers);
    const bodyAt = end + 4;
    if (data.length < bodyAt + length) return 0;
    const body = data.subarray(bodyAt, bodyAt + length);
    items.push(startOf(first, headers, body));
    return bodyAt + length;
  }
}

/** Bytes that no text has, in whatever encoding a camera writes its headers. */
function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f;
}

function startOf(line: string, headers: ReadonlyMap<string, string[]>, body: Buffer): RtspItem {
  const status = STATUS_LINE.exec(line);
  if (status) return { type: 'response', status: Number(status[1]), headers, body };
  const request = REQUEST_LINE.exec(line);
  if (request) return { type: 'request', method: request[1]!, uri: request[2]!, headers, body };
  throw new StreamFailure('nonsense', 'A message that does not begin as RTSP does.');
}

function parseHeaders(lines: string[]): Map<string, string[]> {
  if (lines.length > HEADERS_MAX) throw new StreamFailure('nonsense', 'Too many headers.');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const match = HEADER_LINE.exec(line);
    if (!match) throw new StreamFailure('nonsense', 'A line that is no header.');
    const name = match[1]!.toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), match[2]!.trim()]);
  }
  return headers;
}

function bodyLength(headers: ReadonlyMap<string, string[]>): number {
  const text = headers.get('content-length')?.[0] ?? '0';
  const length = /^\d{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (length > BODY_BYTES) throw new StreamFailure('nonsense', `A body of more than ${BODY_BYTES} bytes.`);
  return length;
}
