/** One request of a client, or a binary frame that it interleaved (RTCP reports; nobody reads them here). */
export type RtspInput =
  | { type: 'request'; method: string; uri: string; headers: Map<string, string> }
  | { type: 'frame' }
  | { type: 'broken'; reason: string };

const HEAD_MAX_BYTES = 16 * 1024;
const BODY_MAX_BYTES = 64 * 1024;

/** Cuts the bytes of a connection into requests and interleaved frames. After `broken` nothing more comes. */
export class RtspReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): RtspInput[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const inputs: RtspInput[] = [];
    for (let input = this.#next(); input; input = this.#next()) {
      inputs.push(input);
      if (input.type === 'broken') break;
    }
    return inputs;
  }

  #next(): RtspInput | null {
    const bytes = this.#rest;
    if (bytes.length === 0) return null;
    if (bytes[0] === 0x24) {
      if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt16BE(2)) return null;
      this.#rest = bytes.subarray(4 + bytes.readUInt16BE(2));
      return { type: 'frame' };
    }
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return bytes.length > HEAD_MAX_BYTES ? { type: 'broken', reason: 'the head is too long' } : null;
    const lines = bytes.toString('utf8', 0, end).split('\r\n');
    const match = /^([A-Z_]+) (\S+) RTSP\/1\.0$/.exec(lines[0] ?? '');
    if (!match) return { type: 'broken', reason: 'this is not an RTSP/1.0 request' };
    const headers = new Map<string, string>();
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    const length = Number(headers.get('content-length') ?? 0);
    if (!(length >= 0 && length <= BODY_MAX_BYTES)) return { type: 'broken', reason: 'the body is too long' };
    if (bytes.length < end + 4 + length) return null;
    this.#rest = bytes.subarray(end + 4 + length);
    return { type: 'request', method: match[1] ?? '', uri: match[2] ?? '', headers };
  }
}

const REASONS: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Stream Not Found',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  457: 'Invalid Range',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  551: 'Option not supported',
};

export interface RtspAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export function formatAnswer(answer: RtspAnswer, cseq: string | undefined): Buffer {
  const body = Buffer.from(answer.body ?? '');
  const headers = { ...(cseq === undefined ? {} : { CSeq: cseq }), Server: 'virtual-camera', ...answer.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (body.length > 0) lines.push(`Content-Length: ${body.length}\r\n`);
  const head = `RTSP/1.0 ${answer.status} ${REASONS[answer.status] ?? 'Error'}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
