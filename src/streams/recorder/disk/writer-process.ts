/**
 * Writes the recordings of one disk: a process of its own, since a disk that hangs stops whoever waits for it. It takes
 * orders on its standard input and ends when that ends.
 */
import { systemClock } from '../../../core/clock.ts';
import { type DiskReport, FrameReader } from './disk-protocol.ts';
import { filesWithoutRow, salvage, salvageAll } from './salvage.ts';
import { Writer } from './writer.ts';

/** A power cut costs at most so much, ms. */
const SYNC_EVERY_MS = 4_000;

const directory = process.argv[2] ?? '';
// A gateway that was killed listens no more. What was written is made durable all the same, and we end.
process.stdout.on('error', () => {});
const tell = (report: DiskReport): void => void process.stdout.write(`${JSON.stringify(report)}\n`);
const tellFound = async (): Promise<void> => {
  for await (const found of filesWithoutRow(directory)) tell(found);
};
const reader = new FrameReader();
const writer = new Writer(directory, tell);
writer.prepare();
for (const name of await salvageAll(directory)) process.stderr.write(`a file cannot be read and stays: ${name}\n`);
await tellFound();
writer.sync();
tell({ type: 'ready' });
const stopSync = systemClock.every(SYNC_EVERY_MS, () => writer.sync());
for await (const chunk of process.stdin) {
  let bytes = 0;
  for (const { order, payload, bytes: framed } of reader.push(chunk as Buffer)) {
    if (order.type === 'look') await tellFound();
    else writer.do(order, payload);
    bytes += framed;
  }
  tell({ type: 'taken', bytes });
  const broken = writer.broken();
  for (const name of broken) await salvage(directory, name).catch(() => {});
  if (broken.length > 0) await tellFound();
}
stopSync();
writer.sync();
