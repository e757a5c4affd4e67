import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { Store } from '../../../../src/telemetry/stores/store.ts';
import { TelemetryWriter, WRITER_LIMITS } from '../../../../src/telemetry/writer/writer.ts';
import { batch, decoded, reading } from '../../../support/ingest/batches.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { quietObserver } from '../../../support/ingest/journal.ts';
import { KIOSK, storedMessage } from '../../../support/ingest/kiosk-kind.ts';

const NOW_MS = 1_767_571_200_000;
const DEEP = '['.repeat(5_000);
const KEYS = `{${Array.from({ length: 20_001 }, (_, key) => `"${key}":1`)}`;
const NOT_UTF8 = Buffer.from([0xff]);
const bytes = (...parts: (string | Buffer)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));

/** Payloads that fail two checks, in the order of the checks: the first is named. */
const TWO_FAULTS: [string, Buffer, string][] = [
  ['size, depth', bytes('['.repeat(256 * 1024 + 1)), 'too-large'],
  ['size, UTF-8', bytes(Buffer.alloc(256 * 1024 + 1, 0xff)), 'too-large'],
  ['depth, keys, though these come first', bytes(KEYS, ',"deep":', DEEP), 'too-deep'],
  ['depth, UTF-8', bytes(NOT_UTF8, DEEP), 'too-deep'],
  ['keys, UTF-8', bytes(NOT_UTF8, KEYS), 'too-many-keys'],
  ['keys, JSON', bytes(KEYS, ',"open"'), 'too-many-keys'],
  ['UTF-8, JSON', bytes('{"values":', NOT_UTF8), 'not-utf8'],
  ['UTF-8, finite', bytes('{"values":{"fill_pct":1e999,"firmware":"', NOT_UTF8, '"}}'), 'not-utf8'],
  ['JSON, finite', bytes('{"values":{"fill_pct":1e999}'), 'not-json'],
  ['shape, finite', bytes('{"values":{"fill_pct":1e999},"more":1}'), 'unknown-key'],
  ['finite, range', bytes('{"values":{"fill_pct":1e999}}'), 'not-finite'],
  ['finite, clock', bytes('{"ts":1,"values":{"fill_pct":1e999}}'), 'not-finite'],
];

t.test('of two faults the first in the order of the checks is named', async (t) => {
  for (const [name, raw, reason] of TWO_FAULTS) {
    const { records, refusals } = decodeMessage(storedMessage(raw), KIOSK);
    t.match({ records, refusals }, { records: [], refusals: [{ reason }] }, name);
    t.equal(refusals.length, 1, `${name}: only the first`);
  }
});

t.test(
  'a clock that is not believed is a mark, and what comes with it is still known when it comes again',
  async (t) => {
    const message = storedMessage('{"ts":1,"id":"a","type":"jam"}', { channel: 'event', receivedAtMs: NOW_MS });
    const [first, again] = [message, { ...message, offset: 500 }].map((one) => decodeMessage(one, KIOSK));
    t.match(first, { records: [{ clock: 'refused', atMs: NOW_MS }], refusals: [] });
    t.ok(first?.identities[0]);
    t.same(first?.identities, again?.identities);
  },
);

t.test('a duplicate is a duplicate before its series is counted', async (t) => {
  const asked: string[] = [];
  const series = { admit: (_: unknown, __: string, value: string) => asked.push(value) < 0, save: async () => {} };
  const store = { ensure: async () => {}, write: async () => ({ rejected: [] }) } as unknown as Store;
  const writer = new TelemetryWriter({ store, series, clock: systemClock, observer: quietObserver() }, WRITER_LIMITS);
  const lane = (value: number, index: number, duplicate: boolean) =>
    reading({ lane: value, speed: 1 }, { tag: 'lane', index, duplicate });
  const both = batch([decoded([lane(1, 0, true), lane(2, 1, false)])]);
  t.match(await writer.write(both, new AbortController().signal), [{ index: 1, reason: 'series-budget', detail: '2' }]);
  t.same(asked, ['2']);
});
