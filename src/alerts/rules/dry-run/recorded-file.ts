import { z } from 'zod';
import { CitywatchError, type Issue } from '../../../core/errors.ts';
import { type Channel, DEVICE_ID, type DeviceId } from '../../../core/types.ts';

/** Of a whole file, empty lines among them, and the payload of one line is as large as one message may be. */
export const RECORDING_LIMITS = {
  bytesMax: 32 * 1024 * 1024,
  linesMax: 200_000,
  payloadBytesMax: 256 * 1024,
} as const;

/** A payload in base64, and the rest of its line. */
const LINE_BYTES_MAX = 400 * 1024;
/** Lines that are handed on together. */
const PIECE_BYTES = 256 * 1024;
/** What is wrong with a file is told of so many lines. */
const FAULTS_MAX = 20;
const NEWLINE = 0x0a;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** One line of a recorded file: a message as its device sent it, or a word of the gateway that restarts all clocks. */
export interface RecordedLine {
  /** From 1. */
  line: number;
  /** Unix ms. */
  receivedAtMs: number;
  said: { by: 'device'; device: DeviceId; channel: Channel; raw: Buffer } | { by: 'gateway'; word: 'start' | 'clock' };
}

/** Lines that follow each other, as they stand in the file; empty ones are `''`, so that each keeps its number. */
export interface RecordedPiece {
  /** Number of the first. */
  line: number;
  texts: string[];
}

const receivedAt = z.union(
  [z.int().nonnegative(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))],
  { error: 'must be RFC 3339, such as 2026-11-21T08:00:00.000Z, or Unix ms' },
);
const ofGateway = z.strictObject({ receivedAt, gateway: z.enum(['start', 'clock']) });
const ofDevice = z.strictObject({
  receivedAt,
  device: z.string().regex(DEVICE_ID, 'is no id of a device'),
  channel: z.enum(['telemetry', 'event', 'state']),
  payload: z.unknown().optional(),
  payloadBase64: z.base64().optional(),
});

/** What one line says, or what is wrong with it; `path` names line and field. */
export function parseRecordedLine(text: string, line: number): RecordedLine | { issues: Issue[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault(line, '', 'is no JSON object');
  }
  const isWord = typeof value === 'object' && value !== null && 'gateway' in value;
  const read = (isWord ? ofGateway : ofDevice).safeParse(value);
  if (!read.success) {
    const issues = read.error.issues.flatMap((issue) => {
      const path = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')];
      // What was sent is not repeated: it may hold a plate.
      return path.map((key) => ({ path: at(line, key), message: issue.message }));
    });
    return { issues };
  }
  const { data } = read;
  if ('gateway' in data) return { line, receivedAtMs: data.receivedAt, said: { by: 'gateway', word: data.gateway } };
  const { device, channel, payload, payloadBase64 } = data;
  if ((payload === undefined) === (payloadBase64 === undefined)) {
    return fault(line, 'payload', 'is given, or payloadBase64 is: one of both');
  }
  const raw = payloadBase64 === undefined ? jsonBytes(payload) : Buffer.from(payloadBase64, 'base64');
  if (!raw || raw.length > RECORDING_LIMITS.payloadBytesMax) {
    const field = payloadBase64 === undefined ? 'payload' : 'payloadBase64';
    return fault(line, field, `has more than ${RECORDING_LIMITS.payloadBytesMax} bytes, or is nested too deep`);
  }
  return { line, receivedAtMs: data.receivedAt, said: { by: 'device', device, channel, raw } };
}

/** Null for what is nested too deep to be written. */
function jsonBytes(payload: unknown): Buffer | null {
  try {
    return Buffer.from(JSON.stringify(payload));
  } catch {
    return null;
  }
}

function at(line: number, field: string): string {
  return field === '' ? `line ${line}` : `line ${line}, ${field}`;
}

function fault(line: number, field: string, message: string): { issues: Issue[] } {
  return { issues: [{ path: at(line, field), message }] };
}

/** What a whole file is. */
export interface RecordedFile {
  lines: number;
  bytes: number;
  /** Receipt of the first line and of the last, Unix ms. */
  fromMs: number;
  toMs: number;
}

/**
 * Goes through a file (NDJSON in UTF-8) and hands on its lines in pieces; empty lines say nothing. Returns what it is.
 * Errors: `request.invalid` naming the lines and fields that are wrong, 20 at most; `request.too-large`.
 */
export function* readRecordedFile(bytes: Buffer): Generator<RecordedPiece, RecordedFile> {
  if (bytes.length > RECORDING_LIMITS.bytesMax) throw tooLarge(`${RECORDING_LIMITS.bytesMax} bytes`);
  const file = { lines: 0, bytes: bytes.length, fromMs: -1, toMs: -1 };
  const issues: Issue[] = [];
  let piece: RecordedPiece = { line: 1, texts: [] };
  let pieceBytes = 0;
  for (const { text, line, length } of linesOf(bytes)) {
    if (line > RECORDING_LIMITS.linesMax) throw tooLarge(`${RECORDING_LIMITS.linesMax} lines`);
    if (text !== '') issues.push(...take(file, parseRecordedLine(text, line), line));
    if (issues.length >= FAULTS_MAX) break;
    if (pieceBytes >= PIECE_BYTES) {
      yield piece;
      piece = { line, texts: [] };
      pieceBytes = 0;
    }
    piece.texts.push(text);
    pieceBytes += length + 1;
  }
  if (issues.length > 0) throw new CitywatchError('request.invalid', { issues: issues.slice(0, FAULTS_MAX) });
  if (file.lines === 0) throw new CitywatchError('request.invalid', fault(1, '', 'is missing: the file is empty'));
  yield piece;
  return file;
}

/** Counts a line; returns what is wrong with it. */
function take(file: RecordedFile, parsed: RecordedLine | { issues: Issue[] }, line: number): Issue[] {
  file.lines += 1;
  if ('issues' in parsed) return parsed.issues;
  const { receivedAtMs } = parsed;
  const isFirst = file.fromMs < 0;
  if (!isFirst && receivedAtMs < file.toMs) {
    return fault(line, 'receivedAt', 'is earlier than that of a line before').issues;
  }
  if (isFirst) file.fromMs = receivedAtMs;
  file.toMs = receivedAtMs;
  return [];
}

/** All lines, without their ends and what is blank around them. */
function* linesOf(bytes: Buffer): Generator<{ text: string; line: number; length: number }> {
  let from = 0;
  for (let line = 1; from < bytes.length; line += 1) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline < 0 ? bytes.length : newline;
    yield { text: textOf(bytes.subarray(from, end), line), line, length: end - from };
    from = end + 1;
  }
}

function textOf(bytes: Buffer, line: number): string {
  if (bytes.length > LINE_BYTES_MAX) throw tooLarge(`${LINE_BYTES_MAX} bytes in line ${line}`);
  try {
    // A byte order mark is no part of the first line.
    return UTF8.decode(bytes).trim();
  } catch {
    throw new CitywatchError('request.invalid', fault(line, '', 'is no text in UTF-8'));
  }
}

function tooLarge(limit: string): CitywatchError {
  return new CitywatchError('request.too-large', { detail: `A recorded file has at most ${limit}.` });
}
