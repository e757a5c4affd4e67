import { StreamFailure } from '../pool/types.ts';

export type Headers = ReadonlyMap<string, string[]>;

export type RtspMessage =
  | { type: 'response'; status: number; headers: Headers; body: Buffer }
  | { type: 'request'; method: string; uri: string; headers: Headers; body: Buffer };

const HEAD_BYTES = 16 * 1024;
const BODY_BYTES = 64 * 1024;
const HEADERS_MAX = 100;
const STATUS_LINE = /^RTSP\/1\.\d +(\d{3})(?:\s|$)/;
const REQUEST_LINE = /^([A-Z_]{2,20}) +(\S{1,2048}) +RTSP\/1\.\d\s*$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})[ \t]*:(.*)$/;

/** What the first bytes of a message can be. */
const BEGINNINGS = [
  'RTSP/1.',
  'OPTIONS ',
  'DESCRIBE ',
  'ANNOUNCE ',
  'SETUP ',
  'PLAY ',
  'PLAY_NOTIFY ',
  'PAUSE ',
  'RECORD ',
  'TEARDOWN ',
  'REDIRECT ',
  'GET_PARAMETER ',
  'SET_PARAMETER ',
].map((text) => Buffer.from(text, 'latin1'));

/** Whether a message begins at `at`; `wait` while the bytes there are too few to say. */
export function judgeMessage(data: Buffer, at: number): 'message' | 'noise' | 'wait' {
  let judgement: 'noise' | 'wait' = 'noise';
  for (const beginning of BEGINNINGS) {
    if (data[at] !== beginning[0]) continue;
    const bytes = Math.min(beginning.length, data.length - at);
    if (data.compare(beginning, 0, bytes, at, at + bytes) !== 0) continue;
    if (bytes === beginning.length) return 'message';
    judgement = 'wait';
  }
  return judgement;
}

/**
 * The message at the front, with lines that end in CR LF or LF alone. `noise`: it only looked like one. Throws
 * `nonsense` for a head or body that no camera has reason to send.
 */
export function readMessage(data: Buffer): { message: RtspMessage; bytes: number } | 'noise' | 'wait' {
  const end = headEnd(data);
  // Noise that happens to begin like a message is told from a slow head by its bytes, not by waiting for its end.
  const head = data.subarray(0, end?.at ?? HEAD_BYTES);
  if (head.some(isControl)) return 'noise';
  if (!end) {
    if (data.length > HEAD_BYTES) throw new StreamFailure('nonsense', 'A message head without end.');
    return 'wait';
  }
  const [first = '', ...lines] = head.toString('latin1').split(/\r?\n/);
  const headers = parseHeaders(lines);
  const bytes = end.bodyAt + bodyLength(headers);
  if (data.length < bytes) return 'wait';
  const message = messageOf(first, headers, data.subarray(end.bodyAt, bytes));
  return message ? { message, bytes } : 'noise';
}

function headEnd(data: Buffer): { at: number; bodyAt: number } | null {
  const within = data.subarray(0, HEAD_BYTES + 4);
  const proper = within.indexOf('\n\r\n');
  const bare = within.indexOf('\n\n');
  if (proper < 0 && bare < 0) return null;
  if (bare < 0 || (proper >= 0 && proper < bare)) {
    return { at: data[proper - 1] === 0x0d ? proper - 1 : proper, bodyAt: proper + 3 };
  }
  return { at: bare, bodyAt: bare + 2 };
}

/** Bytes that no text has, in whatever encoding a camera writes its headers. */
function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f;
}

function messageOf(line: string, headers: Headers, body: Buffer): RtspMessage | null {
  const status = STATUS_LINE.exec(line);
  if (status) return { type: 'response', status: Number(status[1]), headers, body };
  const request = REQUEST_LINE.exec(line);
  return request && { type: 'request', method: request[1]!, uri: request[2]!, headers, body };
}

/** Values by lower-case name. A line that begins with a blank goes on with the one before; one without name is left. */
function parseHeaders(lines: readonly string[]): Map<string, string[]> {
  if (lines.length > HEADERS_MAX) throw new StreamFailure('nonsense', 'Too many headers.');
  const headers = new Map<string, string[]>();
  let last: string[] = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      last.push(`${last.pop() ?? ''} ${line.trim()}`.trim());
      continue;
    }
    const match = HEADER_LINE.exec(line);
    if (!match) continue;
    const name = match[1]!.toLowerCase();
    last = headers.get(name) ?? [];
    last.push(match[2]!.trim());
    headers.set(name, last);
  }
  return headers;
}

/** The length a camera tells, by its first number; what is none is 0. */
function bodyLength(headers: Headers): number {
  const text = /^\d{1,15}/.exec(headers.get('content-length')?.[0] ?? '')?.[0] ?? '0';
  if (Number(text) > BODY_BYTES) throw new StreamFailure('nonsense', `A body of more than ${BODY_BYTES} bytes.`);
  return Number(text);
}
