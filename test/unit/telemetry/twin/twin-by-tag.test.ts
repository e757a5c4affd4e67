import { join } from 'node:path';
import t from 'tap';
import type { DeviceKind, FieldSpec } from '../../../../src/core/types.ts';
import { Twin } from '../../../../src/telemetry/twin/twin.ts';
import { AT_MS, batch, decoded, reading } from '../../../support/ingest/batches.ts';
import { OWN_JOURNAL } from '../../../support/ingest/journal.ts';
import { KIOSK } from '../../../support/ingest/kiosk-kind.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const pump: DeviceKind = {
  ...KIOSK,
  kind: 'kiosk',
  fields: new Map<string, FieldSpec>([
    ['pump', { type: 'integer', unit: null, min: 1, max: 3, tag: true }],
    ['current_a', { type: 'number', unit: 'A', min: 0, max: 100 }],
  ]),
};

const LATER = { receivedAtMs: AT_MS + 100 };

const of = (number: number, amperes: number, atMs = AT_MS) =>
  decoded([reading({ pump: number, current_a: amperes }, { tag: 'pump', atMs })], LATER);

t.test('values of one device are kept apart by its structural tag, also over a restart', async (t) => {
  const path = join(t.testdir(), 'twin');
  const deps = { path, kinds: { latest: () => pump }, clock: new ManualClock(AT_MS) };
  const twin = new Twin({ ...deps, journal: OWN_JOURNAL, observer: quietObserver() });
  twin.handle(
    batch([of(1, 10), of(2, 20, AT_MS + 1), of(1, 9, AT_MS - 1), decoded([reading({ current_a: 5 })], LATER)]),
  );
  const byPump = (twin: Twin) => {
    const { tag, values } = twin.latest('k-1')!.tagged!;
    return { tag, values: [...values].map(([value, fields]) => [value, fields.get('current_a')?.value]) };
  };
  const expected = {
    tag: 'pump',
    values: [
      ['1', 10],
      ['2', 20],
    ],
  };
  t.strictSame(byPump(twin), expected);
  t.equal(twin.latest('k-1')?.fields.get('current_a')?.value, 20, 'the newest of all');
  t.equal(twin.size, 1, 'it is still one device');
  await twin.checkpoint();
  const again = new Twin({ ...deps, journal: OWN_JOURNAL, observer: quietObserver() });
  await again.start();
  t.strictSame(byPump(again), expected);
  t.equal(again.size, 1);
  await again.stop();
});

t.test('a kind without a tag says so', async (t) => {
  const kinds = { latest: () => KIOSK };
  const twin = new Twin({
    journal: OWN_JOURNAL,
    path: join(t.testdir(), 'twin'),
    kinds,
    clock: new ManualClock(),
    observer: quietObserver(),
  });
  twin.handle(batch([decoded([reading({ fill_pct: 1 })])]));
  t.equal(twin.latest('k-1')?.tagged, null);
});
