import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A recording is lines of JSON: what it is, then devices, then what they said, in the order of time. */

const DEVICES_MAX = 20_000;
const RECORDS_MAX = 5_000_000;

const head = z.strictObject({ recording: z.literal(1), fromMs: z.number(), toMs: z.number(), gateway: z.string() });
const device = z.strictObject({
  device: z.int().min(0),
  kind: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  district: z.string().regex(/^\d{6,12}$/),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
});
const values = z.record(z.string().max(64), z.unknown());
/** What device number `of` said so many ms after the beginning. */
const said = z.union([
  z.strictObject({ of: z.int().min(0), atMs: z.number().min(0), values }),
  z.strictObject({ of: z.int().min(0), atMs: z.number().min(0), type: z.string().max(64), data: values }),
]);

type Head = z.infer<typeof head>;
export type RecordedDevice = z.infer<typeof device>;
export type Said = z.infer<typeof said>;

export interface Recording {
  head: Head;
  devices: readonly RecordedDevice[];
  /** In the order of time. */
  said: readonly Said[];
}

/** A recording that is no recording, in one sentence. */
export class RecordingError extends Error {}

/** Writes a recording. Throws where the file is there already. */
export async function writeRecording(path: string, { head: first, devices, said: all }: Recording): Promise<void> {
  const file = await openNew(path);
  try {
    const lines = [first, ...devices, ...[...all].sort((a, b) => a.atMs - b.atMs)].map((one) => JSON.stringify(one));
    for (let at = 0; at < lines.length; at += 1_000) await file.write(`${lines.slice(at, at + 1_000).join('\n')}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RecordingError(code === 'EEXIST' ? `${path} is there already` : `${path} cannot be written: ${code}`);
  }
}

/** Reads and checks a recording. Throws {@link RecordingError} with the line that is wrong. */
export async function readRecording(path: string): Promise<Recording> {
  const [devices, all]: [RecordedDevice[], Said[]] = [[], []];
  let first: Head | null = null;
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    const shape: z.ZodType<Head | RecordedDevice | Said> = first === null ? head : z.union([said, device]);
    const one = shape.safeParse(line);
    if (!one.success) throw new RecordingError(`${path}, line ${number}: is no line of a recording`);
    if ('recording' in one.data) first = one.data;
    else if ('of' in one.data) all.push(one.data);
    else devices.push(one.data);
    if (devices.length > DEVICES_MAX || all.length > RECORDS_MAX) throw new RecordingError(`${path}: is too large`);
  }
  if (first === null) throw new RecordingError(`${path}: is no recording`);
  const known = new Set(devices.map((one) => one.device));
  const odd = all.find(({ of }) => !known.has(of));
  if (odd) throw new RecordingError(`${path}: device ${odd.of} says something and is not described`);
  return { head: first, devices, said: all };
}

async function* linesOf(path: string): AsyncGenerator<unknown> {
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      yield line === '' ? null : parsed(line);
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
