import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import type { FieldValue } from '../../../../src/core/types.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { Influx1Store } from '../../../../src/telemetry/stores/influx1.ts';
import { lineOf, seriesOf } from '../../../../src/telemetry/writer/line-protocol.ts';
import { anyCharacter } from '../../../support/any-text.ts';
import { AT_MS, reading } from '../../../support/ingest/batches.ts';
import { Influxd } from '../../../support/telemetry/influxd.ts';

const influxd = await Influxd.start(t);
const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
const http = new Outbound({ clock: systemClock, observer });
t.teardown(() => http.close());
const store = new Influx1Store(
  { ...pick(influxd), database: 'cw', retentionDays: { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 }, gzip: false },
  { http, clock: systemClock, observer },
);
await store.ensure();

function pick({ url, username, password }: Influxd) {
  return { url, username, password };
}

const nasty = fc.constantFrom(
  ' ',
  ',',
  '=',
  '"',
  "'",
  '\\',
  '\n',
  '\r',
  '\t',
  '\0',
  '#',
  '汉',
  '😀',
  'é',
  '\u2028',
  'a',
  'Z',
  '0',
);
const text = fc.oneof(
  fc.array(nasty, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: anyCharacter, maxLength: 20 }),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const point = fc.record({
  kind: text,
  id: text,
  values: fc.dictionary(
    text.map((name) => `f${name}`),
    fc.oneof(number, number, fc.boolean(), text),
    { minKeys: 1, maxKeys: 5, noNullPrototype: true },
  ),
});

interface Kept {
  kind: string;
  id: string;
  timeNs: string;
  values: Record<string, FieldValue>;
}

let run = 0;

/** Writes the points whose names can be written, each in a measurement of its own, so that types never clash. */
async function write(points: { kind: string; id: string; values: Record<string, FieldValue> }[]): Promise<Kept[]> {
  run += 1;
  const kept: Kept[] = [];
  const lines: string[] = [];
  for (const [index, { kind, id, values }] of points.entries()) {
    const own = `${kind}${run}.${index}`;
    const timeNs = `${AT_MS}${String(index).padStart(6, '0')}`;
    const series = seriesOf({ id, kind: own, kindVersion: 1, jurisdiction: '330200' });
    if (typeof series !== 'string') continue;
    const line = lineOf(series, AT_MS, reading(values, { timeNs }));
    if (typeof line !== 'string') continue;
    lines.push(line);
    kept.push({ kind: own, id, timeNs, values });
  }
  deepStrictEqual(await store.write(lines, new AbortController().signal), { rejected: [] });
  return kept;
}

t.test('every point that is written comes back equal, and no other', async (t) => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 40 }), async (points) => {
      const kept = await write(points);
      written += kept.length;
      for (const { kind, id, timeNs, values } of kept) {
        const found = await store.points({
          measurement: kind,
          device: id,
          fields: Object.keys(values),
          fromNs: '0',
          toNs: `${AT_MS + 1}000000`,
          limit: 10,
        });
        const back = found.map((one) => ({ timeNs: one.timeNs, values: Object.fromEntries(one.values) }));
        deepStrictEqual(back, [{ timeNs, values }]);
      }
    }),
    { numRuns: 25 },
  );
  const all = await influxd.query('SHOW MEASUREMENTS', 'cw');
  t.equal(all.results[0]?.series?.[0]?.values.length, written, 'no point forged a measurement');
});
