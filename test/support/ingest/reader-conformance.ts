import type { Test } from 'tap';
import type { JournalReader } from '../../../src/core/journal-reader.ts';
import type { DecodedBatch } from '../../../src/core/types.ts';

/** One life of a reader: it knows nothing but what the life before made durable. */
export interface ReaderLife {
  reader: JournalReader;
  /** Has everything saved that was handled. */
  save(): Promise<void>;
}

export interface ReaderCase {
  /** That of the list. */
  name: string;
  /** A new life on what is durable, as after a crash: nobody says goodbye to the one before. */
  open(): Promise<ReaderLife>;
  /** The next of three batches of the live lane, without gaps. Each changes the state. */
  batches: [DecodedBatch, DecodedBatch, DecodedBatch];
  /** What the reader is there for, as others find it, durable. */
  state(): Promise<unknown>;
}

const { signal } = new AbortController();

/** What every reader of the journal promises; see docs/readers.md. */
export async function conforms(t: Test, { name, open, batches, state }: ReaderCase): Promise<void> {
  const [one, two, three] = batches;
  const handleFrom = async ({ reader }: ReaderLife, from: number, all: DecodedBatch[]): Promise<void> => {
    for (const batch of all) if (batch.to > from) await reader.handle(cut(batch, from), signal);
  };
  const first = await open();
  t.equal(first.reader.name, name);
  t.ok(first.reader.lanes.includes('live') && first.reader.restMs >= 0);
  t.equal(await first.reader.load('live'), one.from, 'a new reader begins at the beginning');
  t.ok(first.reader.saved('live') <= one.from);
  await first.reader.handle(one, signal);
  t.equal(await first.reader.load('live'), one.to, 'a loop that begins anew goes on behind what is handled');
  t.ok(first.reader.saved('live') <= one.to, 'nothing is saved that was not read');

  const crashed = await open();
  const from = await crashed.reader.load('live');
  t.equal(from, first.reader.saved('live'), 'it loads what was saved, and no more was said to be');
  await handleFrom(crashed, from, [one, two]);
  await crashed.reader.handle(two, signal);
  await crashed.save();
  t.equal(crashed.reader.saved('live'), two.to);
  const afterTwo = await state();

  const again = await open();
  t.equal(await again.reader.load('live'), two.to);
  await again.reader.handle(two, signal);
  await again.save();
  t.strictSame(await state(), afterTwo, 'a batch that comes twice changes nothing');
  t.equal(again.reader.saved('live'), two.to, 'nor does it move the cursor back');
  await again.reader.handle(three, signal);
  await again.save();
  t.equal(again.reader.saved('live'), three.to);
  t.not(JSON.stringify(await state()), JSON.stringify(afterTwo), 'the test can see what the reader does');
}

/** The part of a batch that a reader at `from` is handed. */
function cut(batch: DecodedBatch, from: number): DecodedBatch {
  if (from <= batch.from) return batch;
  return { ...batch, from, messages: batch.messages.filter(({ message }) => message.offset >= from) };
}
