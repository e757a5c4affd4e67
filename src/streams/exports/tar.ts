import { open } from 'node:fs/promises';

/** A file of an archive. */
export interface TarEntry {
  /** At most 100 letters of ASCII. */
  name: string;
  bytes: number;
  path: string;
}

const BLOCK = 512;
const CHUNK_BYTES = 1024 * 1024;
/** Two empty blocks end an archive. */
const END_BYTES = 2 * BLOCK;

/** One piece of an archive: bytes that are there, or a part of a file. */
type Piece = { from: number; bytes: number } & ({ data: Buffer } | { path: string });

/**
 * An archive (ustar, POSIX.1-1988) of files that do not change. Where everything stands in it follows from their names
 * and sizes, so any part of it can be read again at any time.
 */
export class Tar {
  readonly #pieces: Piece[] = [];
  readonly bytes: number;

  constructor(entries: readonly TarEntry[], modifiedAtMs: number) {
    let at = 0;
    const add = (bytes: number, what: { data: Buffer } | { path: string }): void => {
      if (bytes > 0) this.#pieces.push({ from: at, bytes, ...what });
      at += bytes;
    };
    for (const { name, bytes, path } of entries) {
      add(BLOCK, { data: headerOf(name, bytes, modifiedAtMs) });
      add(bytes, { path });
      const padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
      add(padding, { data: Buffer.alloc(padding) });
    }
    add(END_BYTES, { data: Buffer.alloc(END_BYTES) });
    this.bytes = at;
  }

  /** The bytes from the first to the last one, both included, a piece at a time. Throws where a file is shorter. */
  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    for (const piece of this.#pieces) {
      const from = Math.max(start, piece.from) - piece.from;
      const to = Math.min(end + 1, piece.from + piece.bytes) - piece.from;
      if (from >= to) continue;
      if ('data' in piece) yield piece.data.subarray(from, to);
      else yield* partOfFile(piece.path, from, to);
    }
  }
}

async function* partOfFile(path: string, from: number, to: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    for (let at = from; at < to; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(CHUNK_BYTES, to - at)), 0, undefined, at);
      if (bytesRead === 0) throw new Error('a file of the export is shorter than it was');
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function headerOf(name: string, bytes: number, modifiedAtMs: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0, 100, 'latin1');
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(Math.floor(modifiedAtMs / 1_000), 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** A file as it stands in an archive. */
export interface TarFound {
  name: string;
  bytes: number;
  /** To be read to its end before the next one. */
  chunks: AsyncGenerator<Buffer>;
}

/** Reads an archive of plain files; throws where it is none, or is cut off. */
export async function* readTar(path: string): AsyncGenerator<TarFound> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let at = 0; at + BLOCK <= size; ) {
      const { buffer: header } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, at);
      if (header.every((byte) => byte === 0)) return;
      const told = header.toString('latin1', 148, 156);
      const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
      if (Number.parseInt(told, 8) !== sum) throw new Error(`the archive is broken at byte ${at}`);
      const name = textOf(header, 0, 100);
      const bytes = Number.parseInt(textOf(header, 124, 136), 8);
      const from = at + BLOCK;
      if (!(from + bytes <= size)) throw new Error(`the archive is cut off in ${name}`);
      yield { name, bytes, chunks: partOfFile(path, from, from + bytes) };
      at = from + Math.ceil(bytes / BLOCK) * BLOCK;
    }
    throw new Error('the archive is cut off');
  } finally {
    await file.close();
  }
}

function textOf(header: Buffer, from: number, to: number): string {
  return header.toString('latin1', from, to).split('\0', 1)[0]!.trim();
}
