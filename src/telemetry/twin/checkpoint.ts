import { crc32 } from '@node-rs/crc32';
import { z } from 'zod';
import type { Lane } from '../../core/types.ts';
import { type Column, TwinTable } from './table.ts';

/**
 * The twin as one file: 8 bytes `CWTWIN01`, length of the header (u32), the header as JSON, the typed arrays of every
 * kind in the header's order (each cut to the number of its devices), and a CRC-32 of all before it. Numbers are
 * little-endian; the file never leaves the machine.
 */
const MAGIC = Buffer.from('CWTWIN01');

const headerSchema = z.object({
  incarnation: z.string().default(''),
  cursors: z.object({ live: z.number().int().nonnegative(), bulk: z.number().int().nonnegative() }),
  tables: z.array(
    z.object({
      kind: z.string(),
      ids: z.array(z.string()),
      /** Row and text, in turns. */
      firmware: z.array(z.tuple([z.number().int().nonnegative(), z.string()])),
      columns: z.array(
        z.object({ field: z.string(), texts: z.array(z.tuple([z.number().int().nonnegative(), z.string()])) }),
      ),
    }),
  ),
});

export interface Snapshot {
  /** Life of the journal; empty in files of versions without it. */
  incarnation: string;
  /** Journal offsets up to which the tables are true, by lane. */
  cursors: Record<Lane, number>;
  tables: Map<string, TwinTable>;
}

type Bytes = Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** The arrays of a table in the order of the file. */
function arraysOf(table: TwinTable): Bytes[] {
  const columns = [...table.columns.values()].flatMap((column: Column) => [
    column.types,
    column.numbers,
    column.atMs,
    column.receivedAtMs,
  ]);
  return [table.lastMessageAtMs, table.onlineAtMs, table.online, ...columns];
}

export function encodeCheckpoint({ incarnation, cursors, tables }: Snapshot): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      incarnation,
      cursors,
      tables: [...tables.values()].map((table) => ({
        kind: table.kind,
        ids: table.ids,
        firmware: table.firmware.flatMap((text, row) => (text === null ? [] : [[row, text]])),
        columns: [...table.columns].map(([field, { texts }]) => ({ field, texts: [...texts] })),
      })),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const parts: Uint8Array[] = [MAGIC, length, header];
  for (const table of tables.values()) {
    for (const array of arraysOf(table)) {
      parts.push(new Uint8Array(array.buffer, 0, table.size * array.BYTES_PER_ELEMENT));
    }
  }
  const body = Buffer.concat([...parts, Buffer.alloc(4)]);
  body.writeUInt32LE(crc32(body.subarray(0, -4)), body.length - 4);
  return body;
}

/** @throws Error saying what is wrong with the file */
export function decodeCheckpoint(file: Buffer): Snapshot {
  const prefix = MAGIC.length + 4;
  if (file.length < prefix + 4 || !file.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a checkpoint');
  if (crc32(file.subarray(0, -4)) !== file.readUInt32LE(file.length - 4)) throw new Error('checksum does not match');
  const headerEnd = prefix + file.readUInt32LE(MAGIC.length);
  const { incarnation, cursors, tables } = headerSchema.parse(JSON.parse(file.toString('utf8', prefix, headerEnd)));
  let offset = headerEnd;
  const take = (array: Bytes, rows: number): void => {
    const bytes = rows * array.BYTES_PER_ELEMENT;
    if (offset + bytes > file.length - 4) throw new Error('too short');
    new Uint8Array(array.buffer).set(file.subarray(offset, offset + bytes));
    offset += bytes;
  };
  const restored = tables.map(({ kind, ids, firmware, columns }) => {
    const table = new TwinTable(kind);
    for (const id of ids) table.row(id);
    for (const [row, text] of firmware) table.firmware[row] = text;
    for (const { field, texts } of columns) {
      const column = table.column(field);
      for (const [row, text] of texts) column.texts.set(row, text);
    }
    for (const array of arraysOf(table)) take(array, table.size);
    return [kind, table] as const;
  });
  return { incarnation, cursors, tables: new Map(restored) };
}
