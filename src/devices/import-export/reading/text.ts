import { badFile } from './table.ts';

/** How the bytes of a text file are written. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030';

/** Bytes that are decoded in one turn of the event loop. */
const PIECE_BYTES = 256 * 1024;
/** So much is looked at for the zeros of UTF-16 without a mark. */
const SAMPLE_BYTES = 4_096;
const LINE_END = 0x0a;
/** What Chinese text is made of in UTF-8: three bytes that begin so. */
const HAN_FIRST = 0xe4;
const HAN_LAST = 0xe9;

/**
 * The text of a file, piece by piece, without its mark: UTF-8, UTF-16 (with a mark, or told by its zeros) or GBK, which
 * is what Chinese Excel writes as CSV. Errors: `request.invalid` for what is none of these, or several at once.
 */
export async function* textOf(file: Buffer): AsyncGenerator<string> {
  const encoding = await encodingOf(file);
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const piece of pieces(file)) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw badFile(`ends in the middle of a character, or is no ${encoding} text`);
    throw error;
  }
}

async function encodingOf(file: Buffer): Promise<Encoding> {
  if (file[0] === 0xff && file[1] === 0xfe) return 'utf-16le';
  if (file[0] === 0xfe && file[1] === 0xff) return 'utf-16be';
  const sample = file.subarray(0, SAMPLE_BYTES);
  if (sample.includes(0)) return utf16Of(sample);
  if (await isText(file, 'utf-8')) return 'utf-8';
  const mixed = mixedLines(file);
  if (mixed) {
    throw badFile(
      `is written in two encodings: line ${mixed.utf8} is UTF-8 and line ${mixed.other} is not; save it as UTF-8`,
    );
  }
  if (await isText(file, 'gb18030')) return 'gb18030';
  throw badFile('is written in no encoding that is known (UTF-8, GBK, UTF-16); save it as CSV UTF-8, or as XLSX');
}

function utf16Of(sample: Buffer): Encoding {
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2]! += 1;
  const [even, odd] = zeros as [number, number];
  if (even === 0) return 'utf-16le';
  if (odd === 0) return 'utf-16be';
  throw badFile('holds zero bytes: it is no CSV. Save it as CSV UTF-8, or as XLSX');
}

async function isText(file: Buffer, encoding: Encoding): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const piece of pieces(file)) decoder.decode(piece, { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

async function* pieces(file: Buffer): AsyncGenerator<Buffer> {
  for (let rest = file; rest.length > 0; rest = rest.subarray(PIECE_BYTES)) {
    yield rest.subarray(0, PIECE_BYTES);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * A line with Chinese in UTF-8 and one that is no UTF-8: two files were put one behind the other. GBK would read the
 * first as other characters, and nobody would notice.
 */
function mixedLines(file: Buffer): { utf8: number; other: number } | null {
  let [utf8, other] = [0, 0];
  for (let at = 0, line = 1; at < file.length && (utf8 === 0 || other === 0); line += 1) {
    const end = file.indexOf(LINE_END, at);
    const bytes = file.subarray(at, end < 0 ? file.length : end);
    at = end < 0 ? file.length : end + 1;
    const isPlain = bytes.every((byte) => byte < 0x80);
    if (isPlain) continue;
    if (!isUtf8(bytes)) other ||= line;
    else if (bytes.some((byte) => byte >= HAN_FIRST && byte <= HAN_LAST)) utf8 ||= line;
  }
  return utf8 > 0 && other > 0 ? { utf8, other } : null;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
