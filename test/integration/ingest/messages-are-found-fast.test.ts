import t from 'tap';
import { keepAlive, kioskMessage, openJournal, readAll, temporaryDirectory } from '../../support/ingest/journal.ts';
import { countProcessorTime } from '../../support/time/processor-time.ts';

const START_MS = 1_767_571_200_000;
const PER_SECOND = 450;
const SECONDS = 640;

t.test('one device within 10 minutes at the rate of a city', async (t) => {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory, options: { segmentBytes: 16 * 1024 * 1024 } });
  t.teardown(() => journal.close());
  const device = kioskMessage().device;
  const raw = Buffer.alloc(140, 0x20);
  for (let from = 0; from < PER_SECOND * SECONDS; from += 5000) {
    const part = Array.from({ length: 5000 }, (_, index) => {
      const at = from + index;
      const receivedAtMs = START_MS + Math.floor((at * 1000) / PER_SECOND);
      return journal.append(kioskMessage({ device: { ...device, id: `kiosk-${at % 3000}` }, receivedAtMs, raw }));
    });
    await Promise.all(part);
  }
  const window = { device: 'kiosk-7', fromMs: START_MS + 20_000, toMs: START_MS + 620_000, limit: 500 };
  const spentMs = countProcessorTime();
  const { messages, more } = await journal.byDevice(window);
  const tookMs = spentMs();
  t.equal(messages.length, 90, 'one every 6.7 s');
  t.notOk(more);
  t.ok(
    messages.every(
      ({ receivedAtMs: atMs, device: { id } }) => id === 'kiosk-7' && atMs >= window.fromMs && atMs <= window.toMs,
    ),
  );
  t.ok(tookMs < 500, `${tookMs} ms of the processor; an answer is promised in 200`);
  t.comment(`${tookMs} ms for ${PER_SECOND * 600} messages`);
  t.same(await journal.byDevice({ ...window, limit: 10 }), { messages: messages.slice(0, 10), more: true });
});

t.test('memory stays flat while the log grows', async (t) => {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  const options = { segmentBytes: 8 * 1024 * 1024, keepBytes: 16 * 1024 * 1024, cacheBytes: 4 * 1024 * 1024 };
  const journal = await openJournal({ directory, options });
  t.teardown(() => journal.close());
  const rssMiB: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    for (let part = 0; part < 10; part += 1) {
      const raw = Buffer.alloc(5000, 0x20);
      await Promise.all(Array.from({ length: 200 }, () => journal.append(kioskMessage({ raw }))));
    }
    await readAll(journal, Math.max(journal.tail, journal.head - 20_000_000));
    journal.release(journal.head);
    await journal.tidy();
    globalThis.gc?.();
    rssMiB.push(Math.round(process.memoryUsage().rss / 1048576));
  }
  t.ok(journal.head > 80_000_000);
  t.ok(journal.head - journal.tail < 40_000_000, 'read parts are gone');
  t.ok(rssMiB.at(-1)! - rssMiB[3]! < 60, `resident ${rssMiB.join(', ')} MiB`);
});
