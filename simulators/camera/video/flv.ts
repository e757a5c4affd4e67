import { parseDecoderConfiguration, splitLengthPrefixed } from './mp4.ts';
import type { AccessUnit, VideoParameters } from './video.ts';

/** An encoder that sends a larger tag than this is broken. */
const TAG_MAX_BYTES = 4 * 1024 * 1024;
const FILE_HEADER_BYTES = 13;
const TAG_HEADER_BYTES = 11;
const VIDEO_TAG = 9;

/**
 * Takes H.264 pictures out of an FLV byte stream. FLV is used on the pipe from the encoder because it carries lengths
 * and times: with bare H.264 the end of a picture is only known when the next one begins, a whole frame later.
 */
export class FlvReader {
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  readonly #onParameters: (parameters: VideoParameters) => void;
  readonly #onUnit: (unit: AccessUnit) => void;

  constructor(handlers: { parameters(parameters: VideoParameters): void; unit(unit: AccessUnit): void }) {
    this.#onParameters = handlers.parameters;
    this.#onUnit = handlers.unit;
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#begun) {
      if (bytes.length < FILE_HEADER_BYTES) {
        this.#rest = bytes;
        return;
      }
      if (bytes.toString('latin1', 0, 3) !== 'FLV') throw new Error('the encoder does not send FLV');
      bytes = bytes.subarray(FILE_HEADER_BYTES);
      this.#begun = true;
    }
    while (bytes.length >= TAG_HEADER_BYTES) {
      const size = bytes.readUIntBE(1, 3);
      if (size > TAG_MAX_BYTES) throw new Error('the encoder sends a tag that is too large');
      const end = TAG_HEADER_BYTES + size + 4;
      if (bytes.length < end) break;
      const atMs = bytes.readUIntBE(4, 3) + bytes.readUInt8(7) * 2 ** 24;
      if (bytes.readUInt8(0) === VIDEO_TAG)
        this.#video(bytes.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + size), atMs);
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }

  #video(body: Buffer, atMs: number): void {
    if (body.length < 5 || (body.readUInt8(0) & 15) !== 7) return;
    const type = body.readUInt8(1);
    if (type === 0) this.#onParameters(parseDecoderConfiguration(body.subarray(5)));
    if (type !== 1) return;
    const nals = splitLengthPrefixed(body.subarray(5));
    this.#onUnit({ nals, key: body.readUInt8(0) >> 4 === 1, atTicks: atMs * 90 });
  }
}
