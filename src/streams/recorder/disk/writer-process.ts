/**
 * Writes the recordings of one disk: a process of its own, since a disk that hangs stops whoever waits for it. It takes
 * orders on its standard input and ends when that ends, or when its disk is not there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { Joined } from '../../../core/mechanisms/one-at-a-time.ts';
import { VOLUME_FILE } from '../../../platform/blobs/volume-file.ts';
import { AWAY } from './disk-health.ts';
import { type DiskReport, FrameReader, order } from './disk-protocol.ts';
import { filesWithoutRow, salvage, salvageAll } from './salvage.ts';
import { Writer } from './writer.ts';

/** A power cut costs at most so much, ms. */
const SYNC_EVERY_MS = 4_000;
const UNSAVED_MAX = 5_000;

const [, , directory = '', identity = ''] = process.argv;
// A gateway that was killed listens no more. What was written is made durable all the same, and we end.
process.stdout.on('error', () => {});
const tell = (report: DiskReport): void => void process.stdout.write(`${JSON.stringify(report)}\n`);
const reader = new FrameReader((value) => order.parse(value));
const writer = new Writer(directory, tell);

/** Ends the process where the disk cannot be asked; what it wrote is found by the next one. */
function withDisk<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    refuseFor(error);
  }
}

function refuseFor(error: unknown): never {
  const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
  refuse(code === AWAY || code === 'ENOENT' ? null : code);
}

function refuse(code: string | null): never {
  // Written at once: the end of the process would not wait for it.
  process.stdout.write(`${JSON.stringify({ type: 'refused', code } satisfies DiskReport)}\n`);
  process.exit(0);
}

async function tellFound(): Promise<void> {
  try {
    for await (const file of filesWithoutRow(directory)) tell(file);
  } catch (error) {
    refuseFor(error);
  }
}

const found = withDisk(() => readFileSync(join(directory, VOLUME_FILE), 'utf8').trim());
if (found !== identity) refuse(null);
withDisk(() => writer.prepare());
/** Files that the disk did not let us save: they are tried again. Of more the next process knows. */
const unsaved = new Set(await salvageAll(directory));
for (const name of unsaved) process.stderr.write(`a file cannot be saved and stays: ${name}\n`);
const saving = new Joined();
await tellFound();
withDisk(() => writer.sync());
tell({ type: 'ready' });

/** Stops at the first that cannot be saved, which is the last of the next time. */
async function save(): Promise<void> {
  let saved = 0;
  for (const name of [...unsaved]) {
    const stays = await salvage(directory, name);
    unsaved.delete(name);
    if (stays !== null) {
      unsaved.add(stays);
      break;
    }
    saved += 1;
  }
  if (saved > 0) await tellFound();
}

async function saveBroken(): Promise<void> {
  const broken = writer.broken();
  for (const name of broken) if (unsaved.size < UNSAVED_MAX) unsaved.add(name);
  if (broken.length > 0) await saving.run(save);
}

const stopSync = systemClock.every(SYNC_EVERY_MS, () => {
  withDisk(() => writer.sync());
  void saveBroken().then(() => (unsaved.size > 0 ? saving.run(save) : undefined));
});
for await (const chunk of process.stdin) {
  let bytes = 0;
  for (const { said, payload, bytes: framed } of reader.push(chunk as Buffer)) {
    if (said.type === 'look') await tellFound();
    else writer.do(said, payload);
    bytes += framed;
  }
  tell({ type: 'taken', bytes });
  await saveBroken();
}
stopSync();
withDisk(() => writer.sync());
// Node by itself closes all handles first, and was seen to turn in that for ever (26.12.1).
process.once('beforeExit', () => process.exit(0));
