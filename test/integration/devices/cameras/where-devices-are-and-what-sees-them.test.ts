import t from 'tap';
import {
  askingWhereabouts,
  camerasSeeing,
  type Spot,
  whereaboutsOf,
  whereaboutsTold,
} from '../../../../src/devices/registry/nearby-cameras.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');
const BORDER = { lat: 29.83, lon: 121.55 };

const { database, registry } = await openRegistry(t);
await registry.create(HAISHU, { kind: 'camera', name: 'c', id: 'c-haishu', jurisdiction: '330203', location: BORDER });
await sql`update position set stream = '{"main":{"url":"rtsp://10.0.0.1/"}}' where id = 'c-haishu'`.execute(
  database.tables(),
);
const there = { location: BORDER, confirm: true };
await registry.create(YINZHOU, kiosk({ id: 'k-yinzhou', name: 'by the gate', ...there }));
await registry.create(HAISHU, kiosk({ id: 'k-haishu', jurisdiction: '330203', ...there }));

const OWN = [
  { device: 'k-yinzhou', readers: '330212' },
  { device: 'k-haishu', readers: '330203' },
  { device: 'nobody-knows', readers: '330203' },
];

async function alongWithOthers(spots: Spot[]): Promise<unknown> {
  const asked = sql<{ told: unknown }>`select 1 as one, ${askingWhereabouts(spots)} as told`;
  return (await asked.execute(database.tables())).rows[0]?.told;
}

t.test('where devices are and what sees them are told together, as each is told alone', async (t) => {
  const found = await whereaboutsOf(database, OWN);
  t.same([...found.keys()].sort(), ['k-haishu', 'k-yinzhou']);
  t.match(found.get('k-yinzhou'), { name: 'by the gate', jurisdiction: '330212', retired: false, cameras: [] });
  t.match(found.get('k-haishu'), { cameras: [{ camera: 'c-haishu', jurisdiction: '330203', granted: false }] });
  for (const [device, { jurisdiction, cameras }] of found) {
    t.same(cameras, (await camerasSeeing(database, [device], jurisdiction)).get(device) ?? [], device);
  }
  t.same(whereaboutsTold(await alongWithOthers(OWN)), found, 'the same as a part of another statement');
});

t.test('what was asked in the name of another district says nothing of cameras', async (t) => {
  const moved = [
    { device: 'k-yinzhou', readers: '330203' },
    { device: 'k-haishu', readers: 'no code' },
  ];
  const found = await whereaboutsOf(database, moved);
  t.equal(found.size, 2);
  for (const place of found.values()) t.equal(place.cameras, undefined);
});
