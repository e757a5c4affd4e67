import type { Readable } from 'node:stream';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { badFile, type TableLimits, tooLarge } from './table.ts';

/** Parts of an XLSX; one with many sheets and pictures has some hundred. */
const PARTS_MAX = 2_000;

const BROKEN = 'is no whole XLSX file; open it in the spreadsheet program and save it again';

/**
 * The parts of an XLSX by their names, each unpacked as it is read. A part is as large as the directory of the file
 * says, or reading it fails: so the sizes are added up before anything is unpacked.
 */
export class Zip {
  readonly #file: ZipFile;
  readonly #parts: ReadonlyMap<string, Entry>;
  #bytesLeft: number;

  private constructor(file: ZipFile, parts: ReadonlyMap<string, Entry>, { unpackedBytesMax }: TableLimits) {
    this.#file = file;
    this.#parts = parts;
    this.#bytesLeft = unpackedBytesMax;
  }

  /** Errors: `request.invalid` for what is no such file. */
  static async open(bytes: Buffer, limits: TableLimits): Promise<Zip> {
    const file = await opened(bytes);
    const parts = new Map<string, Entry>();
    await new Promise<void>((resolve, reject) => {
      file.on('error', () => reject(badFile(BROKEN)));
      file.on('end', resolve);
      file.on('entry', (entry: Entry) => {
        if (parts.size === PARTS_MAX) return reject(badFile(`has more than ${PARTS_MAX} parts: it is no table`));
        if (entry.isEncrypted()) return reject(badFile('is protected by a password; save it without one'));
        parts.set(entry.fileName, entry);
        file.readEntry();
      });
      file.readEntry();
    });
    return new Zip(file, parts, limits);
  }

  has(name: string): boolean {
    return this.#parts.has(name);
  }

  /** The text of a part, piece by piece; nothing where there is no such part. */
  async *text(name: string): AsyncGenerator<string> {
    const entry = this.#parts.get(name);
    if (!entry) return;
    this.#bytesLeft -= entry.uncompressedSize;
    if (this.#bytesLeft < 0) throw tooLarge('Unpacked, the XLSX file is larger than a table of devices can be');
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      for await (const piece of await this.#stream(entry)) yield decoder.decode(piece as Buffer, { stream: true });
      yield decoder.decode();
    } catch (cause) {
      throw badFile(cause instanceof TypeError ? 'is an XLSX file that is not written in UTF-8' : BROKEN);
    }
  }

  #stream(entry: Entry): Promise<Readable> {
    return new Promise((resolve, reject) => {
      this.#file.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
    });
  }
}

function opened(bytes: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, decodeStrings: true, validateEntrySizes: true };
    fromBuffer(bytes, options, (error, file) => (error ? reject(badFile(BROKEN)) : resolve(file)));
  });
}
