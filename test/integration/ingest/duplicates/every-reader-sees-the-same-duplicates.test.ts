import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import type { DecodedBatch, NewMessage } from '../../../../src/core/types.ts';
import { replayConnection } from '../../../../src/ingest/decode/replay-origin.ts';
import { DuplicateIndex } from '../../../../src/ingest/duplicates/index.ts';
import type { Journal } from '../../../../src/ingest/journal/journal.ts';
import { FEED_LIMITS, JournalFeed, UNGUARDED } from '../../../../src/ingest/readers/journal-feed.ts';
import {
  keepAlive,
  kioskMessage,
  openJournal,
  quietObserver,
  temporaryDirectory,
} from '../../../support/ingest/journal.ts';
import { kioskKinds } from '../../../support/ingest/kiosk-kind.ts';

const NOW_MS = 1_767_571_200_000;

async function openFeed(journal: Journal, directory: string, batchMessages = 7) {
  const duplicates = new DuplicateIndex(join(directory, 'duplicates'));
  await duplicates.open(journal.head);
  const lanes = { live: { journal, duplicates } };
  const deps = { lanes, kinds: kioskKinds, observer: quietObserver() };
  const live = { ...FEED_LIMITS.live, batchMessages, cacheMessages: 20 };
  return {
    feed: new JournalFeed({ guard: UNGUARDED, ...deps, limits: { ...FEED_LIMITS, live } }),
    duplicates,
  };
}

/** Whether each record of [from, head) is a duplicate, by `offset:index`. */
async function verdicts(feed: JournalFeed, from: number, head: number): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  for (let offset = from; offset < head; ) {
    const batch: DecodedBatch = await feed.read({ lane: 'live', offset }, new AbortController().signal);
    for (const { message, records } of batch.messages) {
      for (const { index, duplicate } of records) found.set(`${message.offset}:${index}`, duplicate);
    }
    offset = batch.to;
  }
  return found;
}

async function journalOf(t: Test, messages: NewMessage[]) {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory, options: { groupDelayMs: 0 } });
  t.teardown(() => journal.close());
  const stored = await Promise.all(messages.map((message) => journal.append(message)));
  return { directory, journal, stored };
}

const event = (id: string, change: Partial<NewMessage> = {}) =>
  kioskMessage({ channel: 'event', raw: Buffer.from(`{"id":"${id}","ts":${NOW_MS},"type":"jam"}`), ...change });

t.test('three readers in different places, a restart and a lost index agree on every record', async (t) => {
  const ids = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 30, maxLength: 60 });
  const property = fc.asyncProperty(ids, fc.nat(29), async (sequence, middle) => {
    const messages = [...sequence, ...sequence, ...sequence].map((id) => event(`e-${id}`));
    const { directory, journal, stored } = await journalOf(t, messages);
    const seen = new Set<number>();
    const wanted = [...sequence, ...sequence, ...sequence].map((id) => seen.has(id) || !seen.add(id));
    const expected = new Map(stored.map(({ offset }, at) => [`${offset}:0`, wanted[at]]));
    const start = stored[middle]!.offset;
    const first = await openFeed(journal, directory);
    const runs = await Promise.all(
      [start, 0, stored[5]!.offset].map((from) => verdicts(first.feed, from, journal.head)),
    );
    for (const run of runs) for (const [place, duplicate] of run) t.equal(duplicate, expected.get(place), place);
    t.same(runs[1], expected);
    await first.duplicates.close();
    const again = await openFeed(journal, directory, 3);
    t.same(await verdicts(again.feed, 0, journal.head), expected, 'after a restart');
    await again.duplicates.close();
    await rm(join(directory, 'duplicates'), { recursive: true });
    const rebuilt = await openFeed(journal, directory, 11);
    const late = await verdicts(rebuilt.feed, start, journal.head);
    for (const [place, duplicate] of late) t.equal(duplicate, expected.get(place), `rebuilt ${place}`);
    await rebuilt.duplicates.close();
  });
  await fc.assert(property, { numRuns: 8 });
});

t.test('a restart in the middle changes nothing', async (t) => {
  const { directory, journal, stored } = await journalOf(
    t,
    ['a', 'b', 'a'].map((id) => event(id)),
  );
  const before = await openFeed(journal, directory);
  t.same([...(await verdicts(before.feed, 0, journal.head)).values()], [false, false, true]);
  await before.duplicates.close();
  for (const id of ['b', 'c', 'c']) stored.push(await journal.append(event(id)));
  const after = await openFeed(journal, directory);
  t.same([...(await verdicts(after.feed, stored[3]!.offset, journal.head)).values()], [true, false, true]);
  t.same([...(await verdicts(after.feed, 0, journal.head)).values()], [false, false, true, true, false, true]);
  await after.duplicates.close();
});

t.test('killed before anything is saved it finds the same duplicates when it has entered the log anew', async (t) => {
  const { directory, journal, stored } = await journalOf(
    t,
    ['a', 'b', 'a', 'c'].map((id) => event(id)),
  );
  const killed = await openFeed(journal, directory, 1);
  const before = await verdicts(killed.feed, 0, journal.head);
  t.equal(killed.duplicates.savedHighWater, 0, 'nothing was saved');
  const left = await temporaryDirectory(t);
  await cp(join(directory, 'duplicates'), join(left, 'duplicates'), { recursive: true });
  const next = await openFeed(journal, left, 1);
  const from = stored[2]!.offset;
  const after = await verdicts(next.feed, from, journal.head);
  t.same([...after.values()], [true, false], 'a reader that stood in the middle');
  t.same(await verdicts(next.feed, 0, journal.head), before, 'and one that begins anew');
  await Promise.all([killed.duplicates.close(), next.duplicates.close()]);
});

t.test('where nothing comes any more the index is brought to its readers and saved', async (t) => {
  const { directory, journal } = await journalOf(
    t,
    ['a', 'b', 'a', 'c'].map((id) => event(id)),
  );
  const { feed, duplicates } = await openFeed(journal, directory, 1);
  const waiting = new AbortController();
  const reading = feed.read({ lane: 'live', offset: journal.head }, waiting.signal, 'a reader that was there before');
  t.equal(duplicates.highWater, 0);
  await feed.saveIndex('live');
  t.equal(duplicates.highWater, journal.head);
  t.equal(duplicates.savedHighWater, journal.head);
  waiting.abort();
  await reading;
  t.same([...(await verdicts(feed, 0, journal.head)).values()], [false, false, true, false]);
  await duplicates.close();
});

t.test('what comes bit by bit is saved many at a time', async (t) => {
  const COUNT = 1_500;
  const { directory, journal } = await journalOf(t, []);
  const { feed, duplicates } = await openFeed(journal, directory, 1);
  const saved = new Set<number>();
  for (let number = 0, offset = 0; number < COUNT; number += 1) {
    await journal.append(event(`e-${number}`));
    offset = (await feed.read({ lane: 'live', offset }, new AbortController().signal)).to;
    saved.add(duplicates.savedHighWater);
  }
  t.ok(saved.size > 1, 'it is saved while it goes on');
  t.ok(saved.size <= 4, `${saved.size} times for ${COUNT} messages`);
  await duplicates.close();
  const again = new DuplicateIndex(join(directory, 'duplicates'));
  await again.open(journal.head);
  t.equal(again.highWater, journal.head, 'and whole at the end');
  await again.close();
});

t.test('what is a duplicate and what is not', async (t) => {
  const telemetry = (raw: string, change: Partial<NewMessage> = {}) =>
    kioskMessage({ raw: Buffer.from(raw), ...change });
  const other = { ...kioskMessage().device, id: 'kiosk-2' };
  const plain = '{"values":{"fill_pct":1}}';
  const rows: [string, boolean[], NewMessage][] = [
    ['first', [false], event('x')],
    ['same id', [true], event('x', { connection: 'later' })],
    ['same id of another device', [false], event('x', { device: other })],
    ['a reading with the same id', [false], telemetry('{"id":"x","values":{"fill_pct":1}}')],
    ['the same reading without a time of its own', [true], telemetry('{"id":"x","values":{"fill_pct":2}}')],
    [
      'twice in one message',
      [false, true],
      event('', { raw: Buffer.from('[{"id":"y","type":"jam"},{"id":"y","type":"jam"}]') }),
    ],
    ['no id, a time', [false], event('', { raw: Buffer.from(`{"ts":${NOW_MS},"type":"jam"}`) })],
    ['no id, the same time and content', [true], event('', { raw: Buffer.from(`{"type":"jam","ts":${NOW_MS}}`) })],
    ['a reading with a time overwrites itself', [false], telemetry(`{"ts":${NOW_MS},"values":{"fill_pct":1}}`)],
    ['and again', [false], telemetry(`{"ts":${NOW_MS},"values":{"fill_pct":1}}`)],
    ['a wrong clock', [false], telemetry('{"ts":5,"values":{"fill_pct":1}}')],
    ['a wrong clock again', [false], telemetry('{"ts":5,"values":{"fill_pct":1}}', { packetId: 8 })],
    ['a wrong clock, a resend', [true], telemetry('{"ts":5,"values":{"fill_pct":1}}', { packetId: 8, dup: true })],
    ['an event at no believable time', [false], event('', { raw: Buffer.from('{"ts":0,"type":"jam"}') })],
    ['and once more', [false], event('', { raw: Buffer.from('{"ts":0,"type":"jam"}') })],
    ['neither time nor id', [false], telemetry(plain, { packetId: 9 })],
    ['neither, the next one', [false], telemetry(plain, { packetId: 9 })],
    ['neither, a resend', [true], telemetry(plain, { packetId: 9, dup: true })],
    ['neither, a resend of a resend', [true], telemetry(plain, { packetId: 9, dup: true })],
    ['a resend in another session', [false], telemetry(plain, { packetId: 9, dup: true, connection: 'c-2' })],
    ['a resend of something else', [false], telemetry('{"values":{"fill_pct":2}}', { packetId: 9, dup: true })],
    ['a resend whose first sending never came', [false], telemetry(plain, { packetId: 10, dup: true })],
    ['state', [false], kioskMessage({ channel: 'state', raw: Buffer.from('{"online":true}') })],
    ['state again', [false], kioskMessage({ channel: 'state', raw: Buffer.from('{"online":true}'), dup: true })],
    ['seven days later', [true], event('x', { receivedAtMs: NOW_MS + 7 * DAY_MS })],
    ['more than seven days later', [false], event('x', { receivedAtMs: NOW_MS + 7 * DAY_MS + 1 })],
    ['and that is remembered', [true], event('x', { receivedAtMs: NOW_MS + 8 * DAY_MS })],
    ['the clock is set back', [true], event('x', { receivedAtMs: NOW_MS + 7 * DAY_MS })],
  ];
  const { directory, journal, stored } = await journalOf(
    t,
    rows.map(([, , message]) => message),
  );
  const { feed, duplicates } = await openFeed(journal, directory);
  for (const round of ['first', 'second']) {
    const found = await verdicts(feed, 0, journal.head);
    for (const [at, [name, wanted]] of rows.entries()) {
      const { offset } = stored[at]!;
      t.same(
        wanted.map((_, index) => found.get(`${offset}:${index}`)),
        wanted,
        `${name}, ${round} reading`,
      );
    }
  }
  await duplicates.close();
});

t.test('a replay counts once, and not at all when the record came in since', async (t) => {
  const { directory, journal, stored } = await journalOf(t, [event('x'), event('x')]);
  const replayed = (index: number | null = null) => ({
    uplink: 'replay' as const,
    connection: replayConnection({ lane: 'live', offset: 0, index, receivedAtMs: NOW_MS }),
  });
  for (const change of [replayed(), replayed(), {}]) stored.push(await journal.append(event('x', change)));
  const foreign = {
    uplink: 'replay' as const,
    connection: replayConnection({ lane: 'live', offset: 99_999, index: null, receivedAtMs: 1 }),
  };
  stored.push(await journal.append(event('x', foreign)));
  const { feed, duplicates } = await openFeed(journal, directory, 1);
  const wanted = [false, true, false, true, true, true];
  t.same([...(await verdicts(feed, 0, journal.head)).values()], wanted);
  t.same([...(await verdicts(feed, 0, journal.head)).values()], wanted, 'read again');
  await duplicates.close();
});

t.test('a device with too many ids is not remembered further, and this is counted', async (t) => {
  const { directory, journal } = await journalOf(
    t,
    ['a', 'b', 'c', 'c', 'a'].map((id) => event(id)),
  );
  const duplicates = new DuplicateIndex(join(directory, 'duplicates'), 2);
  await duplicates.open(journal.head);
  const deps = {
    lanes: { live: { journal, duplicates } },
    kinds: kioskKinds,
    guard: UNGUARDED,
    observer: quietObserver(),
    limits: FEED_LIMITS,
  };
  const feed = new JournalFeed(deps);
  t.same([...(await verdicts(feed, 0, journal.head)).values()], [false, false, false, false, true]);
  t.equal(duplicates.forgotten, 2);
  await duplicates.close();
});

t.test('an index that is ahead of the log belongs to another one and starts anew', async (t) => {
  const { directory, journal } = await journalOf(t, [event('a'), event('b')]);
  const { feed, duplicates } = await openFeed(journal, directory);
  await verdicts(feed, 0, journal.head);
  await duplicates.close();
  const again = new DuplicateIndex(join(directory, 'duplicates'));
  t.equal(await again.open(10), true);
  t.equal(again.highWater, 0);
  await again.close();
});

t.test('a reader that stands behind the end of the log is told in one sentence', async (t) => {
  const { directory, journal } = await journalOf(t, [event('a')]);
  const { feed, duplicates } = await openFeed(journal, directory);
  const beyond = feed.read({ lane: 'live', offset: journal.head + 1 }, new AbortController().signal);
  await t.rejects(beyond, { code: 'conflict.state', message: /was changed under the running gateway/ });
  await duplicates.close();
});

t.test('readers wait without a sound, and one that leaves gets an empty batch', async (t) => {
  const { directory, journal } = await journalOf(t, []);
  const { feed, duplicates } = await openFeed(journal, directory);
  const leave = new AbortController();
  const left = feed.read({ lane: 'live', offset: 0 }, leave.signal);
  const stays = feed.read({ lane: 'live', offset: 0 }, new AbortController().signal);
  leave.abort();
  t.match(await left, { from: 0, to: 0, messages: [] });
  await journal.append(event('a'));
  t.match(await stays, { from: 0, to: journal.head, messages: [{ records: [{ id: 'a' }] }] });
  await duplicates.close();
});
