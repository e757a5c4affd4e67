import type { Test } from 'tap';
import type { JournalReader } from '../../../src/core/journal-reader.ts';
import type { DecodedBatch, Lane } from '../../../src/core/types.ts';

/** One life of a reader: it knows nothing but what the life before made durable. */
export interface ReaderLife {
  reader: JournalReader;
  /** Has everything saved that was handled. */
  save(): Promise<void>;
}

export type ThreeBatches = [DecodedBatch, DecodedBatch, DecodedBatch];

export interface ReaderCase {
  /** That of the list. */
  name: string;
  /** A new life on what is durable, as after a crash: nobody says goodbye to the one before. */
  open(): Promise<ReaderLife>;
  /** The first three batches of a lane that the reader names, from 0 on, without gaps. Each changes the state. */
  batches(lane: Lane): ThreeBatches;
  /** What the reader is there for, as others find it, durable. */
  state(): Promise<unknown>;
}

const { signal } = new AbortController();

/** What every reader of the journal promises in each of its lanes; see docs/readers.md. */
export async function conforms(t: Test, of: ReaderCase): Promise<void> {
  const begun = await of.open();
  const { reader } = begun;
  t.equal(reader.name, of.name);
  t.ok(reader.lanes.length > 0 && reader.restMs >= 0);
  t.equal(new Set(reader.lanes).size, reader.lanes.length, 'no lane twice');
  for (const lane of reader.lanes) {
    const first = lane === reader.lanes[0] ? begun : await of.open();
    await t.test(`in the lane ${lane}`, (t) => conformsIn(t, { lane, first, of }));
  }
}

interface InLane {
  lane: Lane;
  first: ReaderLife;
  of: ReaderCase;
}

async function conformsIn(t: Test, { lane, first, of: { open, batches, state } }: InLane): Promise<void> {
  const [one, two, three] = batches(lane);
  t.same([one.lane, two.lane, three.lane], [lane, lane, lane], 'the case is of this lane');
  const others = first.reader.lanes.filter((each) => each !== lane);
  const stand = async ({ reader }: ReaderLife) => Promise.all(others.map((each) => reader.load(each)));
  const before = await stand(first);
  t.equal(await first.reader.load(lane), one.from, 'a new reader begins at the beginning');
  t.ok(first.reader.saved(lane) <= one.from);
  await first.reader.handle(one, signal);
  t.equal(await first.reader.load(lane), one.to, 'a loop that begins anew goes on behind what is handled');
  t.ok(first.reader.saved(lane) <= one.to, 'nothing is saved that was not read');

  const crashed = await open();
  const from = await crashed.reader.load(lane);
  t.equal(from, first.reader.saved(lane), 'it loads what was saved, and no more was said to be');
  for (const batch of [one, two]) if (batch.to > from) await crashed.reader.handle(cut(batch, from), signal);
  await crashed.reader.handle(two, signal);
  await crashed.save();
  t.equal(crashed.reader.saved(lane), two.to);
  const afterTwo = await state();

  const again = await open();
  t.equal(await again.reader.load(lane), two.to);
  t.same(await stand(again), before, 'its other lanes stand where they stood');
  await again.reader.handle(two, signal);
  await again.save();
  t.strictSame(await state(), afterTwo, 'a batch that comes twice changes nothing');
  t.equal(again.reader.saved(lane), two.to, 'nor does it move the cursor back');
  await again.reader.handle(three, signal);
  await again.save();
  t.equal(again.reader.saved(lane), three.to);
  t.not(JSON.stringify(await state()), JSON.stringify(afterTwo), 'the test can see what the reader does');
}

/** The part of a batch that a reader at `from` is handed. */
function cut(batch: DecodedBatch, from: number): DecodedBatch {
  if (from <= batch.from) return batch;
  return { ...batch, from, messages: batch.messages.filter(({ message }) => message.offset >= from) };
}
