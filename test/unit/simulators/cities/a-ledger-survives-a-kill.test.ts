import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Delays } from '../../../../simulators/fleet/delays.ts';
import { Heap } from '../../../../simulators/fleet/heap.ts';
import { Ledger, readLedger } from '../../../../simulators/fleet/ledger.ts';
import { type Entry, line, readLine } from '../../../../simulators/fleet/ledger-lines.ts';
import { millisecondsOf } from '../../../../simulators/report/store.ts';

const SENT = { seq: 7, device: 3, channel: 'event', fate: 'copy', dueMs: 12, sentMs: 15, tsMs: [1, 2] } as const;

t.test('what was written is read again, and a torn last line is left out', async (t) => {
  const path = join(t.testdir(), 'ledger.txt');
  const ledger = await Ledger.create(path);
  ledger.add(line.device(3, 'wifi-ap', 'sim-ap-1', '330203'));
  ledger.add(line.sent(SENT));
  ledger.add(line.acked(7, 20));
  await ledger.close();
  appendFileSync(path, 'h {"run":"r');
  const found: Entry[] = [];
  for await (const entry of readLedger(path)) found.push(entry);
  t.strictSame(found, [
    { what: 'device', index: 3, kind: 'wifi-ap', id: 'sim-ap-1', district: '330203' },
    { what: 'sent', sent: { ...SENT, tsMs: [1, 2] } },
    { what: 'acked', seq: 7, atMs: 20 },
  ]);
  await t.rejects(Ledger.create(path), { code: 'EEXIST' }, 'a ledger is of one run');
  for (const odd of ['', 's 1 2', 'q 1', 's 1 2 zz 3 4 5', 'a 1']) t.equal(readLine(odd), null, odd);
});

t.test('a heap gives out what is due first', async (t) => {
  const heap = new Heap<number>();
  const times = Array.from({ length: 500 }, (_, at) => (at * 7919) % 503);
  for (const ms of times) heap.push(ms, ms);
  const out = times.map(() => heap.pop());
  t.strictSame(
    out,
    [...times].sort((a, b) => a - b),
  );
  t.strictSame([heap.pop(), heap.size, heap.dueMs], [null, 0, Number.POSITIVE_INFINITY]);
});

t.test('delays are known to some percent', async (t) => {
  const delays = new Delays();
  t.equal(delays.quantile(0.99), 0);
  for (let ms = 1; ms <= 1_000; ms += 1) delays.add(ms);
  for (const share of [0.5, 0.95, 0.99]) {
    t.ok(Math.abs(delays.quantile(share) - share * 1_000) <= share * 30, `${share}: ${delays.quantile(share)}`);
  }
  t.strictSame([delays.count, delays.maxMs, delays.quantile(1)], [1_000, 1_000, 1_000]);
  t.equal(
    delays.spread([10, 100]).reduce((sum, count) => sum + count, 0),
    1_000,
  );
});

t.test('a time of InfluxDB is read without rounding', async (t) => {
  t.equal(millisecondsOf('2026-06-08T04:00:00.123999999Z'), Date.UTC(2026, 5, 8, 4, 0, 0, 123));
  t.equal(millisecondsOf('2026-06-08T04:00:00Z'), Date.UTC(2026, 5, 8, 4));
  t.equal(millisecondsOf('2026-06-08T04:00:00.1Z'), Date.UTC(2026, 5, 8, 4, 0, 0, 100));
});
