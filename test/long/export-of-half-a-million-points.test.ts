import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import type { Caller, DeviceKind, FieldSpec } from '../../src/core/types.ts';
import { Outbound } from '../../src/platform/outbound/outbound.ts';
import { Exports } from '../../src/telemetry/history/export.ts';
import { Influx1Store } from '../../src/telemetry/stores/influx1.ts';
import { AT_MS } from '../support/ingest/batches.ts';
import { quietObserver } from '../support/services/services.ts';
import { Influxd } from '../support/telemetry/influxd.ts';

const POINTS = 500_000;
const LINES = 5_000;
/** What a page of points and its text may hold at any moment; the text of all is 25 MB. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
const LOOK_EVERY_LINES = 25_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use, garbage left out. */
function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const spec: FieldSpec = { type: 'number', unit: '%', min: 0, max: 100 };
const kind = { kind: 'kiosk', events: new Map(), fields: new Map([['fill_pct', spec]]) } as unknown as DeviceKind;
const caller: Caller = { type: 'token', id: 't', name: 't', role: 'viewer', jurisdiction: '330200', purpose: null };

t.test('half a million points leave one by one, in flat memory', async (t) => {
  const influxd = await Influxd.start(t);
  const observer = quietObserver();
  const http = new Outbound({ clock: systemClock, observer });
  t.teardown(() => http.close());
  const { url, username, password } = influxd;
  const retentionDays = { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 };
  const store = new Influx1Store(
    { url, username, password, database: 'cw', retentionDays, gzip: false },
    { http, clock: systemClock, observer },
  );
  await store.ensure();
  const { signal } = new AbortController();
  for (let at = 0; at < POINTS; at += LINES) {
    const lines = Array.from({ length: LINES }, (_, i) => {
      return `kiosk,dev=k-1,jur=330200 fill_pct=${(at + i) % 100} ${AT_MS + (at + i) * 1_000}000001`;
    });
    t.strictSame(await store.write(lines, signal), { rejected: [] });
  }
  const exports = new Exports({ store, kinds: { latest: () => kind }, register: { add: async () => {} } });
  const device = { id: 'k-1', kind: 'kiosk', jurisdiction: '330200' };
  const query = { fromMs: AT_MS, toMs: AT_MS + POINTS * 1_000, format: 'csv' as const, fields: ['fill_pct'] };
  const reason = () => ({ purpose: 'none', case: null });
  const { pieces } = await exports.open({ caller, device, query, reason }, signal);
  const before = held();
  let lines = -1;
  let most = before;
  let look = 0;
  for await (const piece of pieces) {
    lines += piece.split('\r\n').length - 1;
    if (lines < look) continue;
    look += LOOK_EVERY_LINES;
    most = Math.max(most, held());
  }
  t.equal(lines, POINTS);
  t.ok(most - before < HELD_BYTES_MAX, `${Math.round((most - before) / 1024 / 1024)} MiB more`);
});
