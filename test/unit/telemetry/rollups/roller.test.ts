import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { DeviceKind } from '../../../../src/core/types.ts';
import { lineOfRollup } from '../../../../src/telemetry/rollups/line.ts';
import { RollupWriter } from '../../../../src/telemetry/rollups/rollup-writer.ts';
import type { BucketsQuery } from '../../../../src/telemetry/stores/store.ts';
import { AT_MS } from '../../../support/ingest/batches.ts';
import { quietObserver } from '../../../support/services/services.ts';

const never = new AbortController().signal;
const spec = { type: 'number', unit: null, min: 0, max: 9 };
const kind = { kind: 'kiosk', fields: new Map([['f', spec]]) } as unknown as DeviceKind;
const first = { offset: 0, receivedAtMs: 0, markedAtMs: 0 };
const hour = (over: object = {}) => {
  return { kind: 'kiosk', hourMs: AT_MS, windows: 0b110, devices: new Map([['a', 0b110]]), first, ...over };
};

function rollerOn(answer: (query: BucketsQuery) => Promise<[]>) {
  const queries: BucketsQuery[] = [];
  const store = {
    ensure: async () => {},
    write: async () => ({ rejected: [] }),
    buckets: async (query: BucketsQuery) => {
      queries.push(query);
      return answer(query);
    },
  };
  return { queries, roller: new RollupWriter({ store, kinds: { latest: () => kind }, observer: quietObserver() }) };
}

t.test('asks for the windows that are dirty, then for their hour, some devices at a time', async (t) => {
  const { queries, roller } = rollerOn(async () => []);
  const devices = new Map(Array.from({ length: 450 }, (_, index) => [`d-${index}`, 0b110]));
  await roller.roll(hour({ devices }), never);
  t.strictSame(
    queries.map(({ tier, devices, fromMs, toMs }) => [tier, devices.length, fromMs - AT_MS, toMs - AT_MS]),
    [200, 200, 50].flatMap((count) => [
      ['raw', count, 300_000, 900_000],
      ['5m', count, 0, 3_600_000],
    ]),
  );
});

t.test('asks for fewer devices after a question that was not answered, and for more again as they are', async (t) => {
  let isSlow = true;
  const { queries, roller } = rollerOn(async () => {
    if (isSlow) throw new CitywatchError('store.unavailable');
    return [];
  });
  const devices = new Map(Array.from({ length: 200 }, (_, index) => [`d-${index}`, 0b110]));
  for (let tries = 0; tries < 3; tries += 1) {
    await t.rejects(roller.roll(hour({ devices }), never), { code: 'store.unavailable' });
  }
  isSlow = false;
  queries.length = 0;
  await roller.roll(hour({ devices }), never);
  const asked = queries.filter(({ tier }) => tier === 'raw').map(({ devices }) => devices.length);
  t.strictSame(asked, [25, 26, 27, 28, 29, 30, 31, 4]);
});

t.test('what is done is not done again when the rest has to wait', async (t) => {
  const { queries, roller } = rollerOn(async () => {
    if (queries.length === 3) throw new CitywatchError('store.unavailable');
    return [];
  });
  const devices = new Map(Array.from({ length: 300 }, (_, index) => [`d-${index}`, 0b110]));
  await t.rejects(roller.roll(hour({ devices }), never), { code: 'store.unavailable' });
  t.equal(devices.size, 100);
  await roller.roll(hour({ devices }), never);
  t.equal(queries.at(-1)?.devices.at(-1), 'd-299');
  t.equal(devices.size, 0);
});

t.test('two lanes never make the same hour at the same time, and different hours do not wait', async (t) => {
  const open: (() => void)[] = [];
  const { queries, roller } = rollerOn(() => new Promise((resolve) => open.push(() => resolve([]))));
  const [one, again] = [roller.roll(hour(), never), roller.roll(hour(), never)];
  const other = roller.roll(hour({ hourMs: AT_MS + 3_600_000 }), never);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  t.equal(queries.length, 2);
  while (open.length > 0) {
    open.shift()?.();
    await settle();
  }
  await Promise.all([one, again, other]);
  t.equal(queries.length, 6);
});

t.test('the line of a roll-up keeps tags and types, and writes nothing that would not be line protocol', async (t) => {
  const tags = { dev: 'a', jur: '330200', ch: '' };
  const values = new Map<string, number | boolean | string>([
    ['f_min', -1.5],
    ['on_last', true],
    ['mode_last', 'a "b"'],
  ]);
  t.equal(
    lineOfRollup('kiosk', { atMs: 1_000, tags, values }),
    'kiosk,dev=a,jur=330200 f_min=-1.5,on_last=true,mode_last="a \\"b\\"" 1000000000',
  );
  t.equal(lineOfRollup('kiosk', { atMs: 1_000, tags: { dev: 'a\nb' }, values }), null);
  t.equal(lineOfRollup('kiosk', { atMs: 1_000, tags, values: new Map() }), null);
});
