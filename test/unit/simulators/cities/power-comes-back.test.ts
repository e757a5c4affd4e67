import t from 'tap';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { PowerReturn } from '../../../../simulators/cities/looks/power-return.ts';
import { type Healed, readLine } from '../../../../simulators/fleet/ledger-lines.ts';
import { GatewayError } from '../../../../simulators/gateway-client.ts';

const BEGAN_MS = Date.UTC(2026, 5, 8, 10);
const FILE = parseCityFile(
  `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets: [{ name: kiosk, kind: recycling-kiosk, count: 40 }]
timeline: [{ atS: 20, do: power-cut, district: "330203", forS: 30 }]
`,
  'test',
);

/** What the ledger says where a gateway shows these devices as unwell, `atS` seconds after the beginning. */
async function healed(unwellAt: (atS: number) => readonly string[] | 'many' | 'away', until = (_atS: number) => false) {
  let nowMs = BEGAN_MS;
  const lines: string[] = [];
  const asked: string[] = [];
  const city = buildCity(FILE, { seed: 1, scale: 1, prefix: 'sim-t-', beginAtMs: BEGAN_MS });
  const look = new PowerReturn({
    gateway: {
      call: async (_method, path) => {
        asked.push(path);
        const unwell = unwellAt((nowMs - BEGAN_MS) / 1_000);
        if (unwell === 'away') throw new GatewayError(path, 503, 'no', '');
        const items = unwell === 'many' ? [] : unwell.map((device) => ({ device, health: 'offline', cause: 'silent' }));
        return { body: { items, next: unwell === 'many' ? 'more' : null }, etag: null };
      },
    },
    ledger: { add: (text) => void lines.push(text) },
    nowMs: () => nowMs,
    pause: async (ms, signal) => {
      if (!signal.aborted) nowMs += ms;
      if (until((nowMs - BEGAN_MS) / 1_000)) void look.stop();
    },
    wellWithinMs: 60_000,
  });
  await look.begin(city);
  return { told: lines.map((text) => (readLine(text) as { healed: Healed }).healed), asked };
}

t.test('a district is well again when nobody is unwell who was not before the cut', async (t) => {
  const { told, asked } = await healed((atS) => {
    if (atS < 20) return ['sim-t-kiosk-00001'];
    if (atS < 57) return 'many';
    return atS < 63 ? ['sim-t-kiosk-00001', 'sim-t-kiosk-00002'] : ['sim-t-kiosk-00001', 'another-city-1'];
  });
  t.same(told, [{ what: 'power-cut', endedMs: BEGAN_MS + 50_000, wellMs: BEGAN_MS + 63_000, left: [] }]);
  t.ok(asked.every((path) => path.includes('jurisdiction=330203')));
});

t.test('one that is not well in time, or of which nothing is known, is told as such', async (t) => {
  const late = await healed((atS) => (atS < 20 ? [] : ['sim-t-kiosk-00002']));
  const left = ['1 devices', 'sim-t-kiosk-00002 is offline (silent)'];
  t.same(late.told, [{ what: 'power-cut', endedMs: BEGAN_MS + 50_000, wellMs: null, left }]);
  const away = await healed((atS) => (atS < 20 ? [] : 'away'));
  t.equal(away.told[0]?.wellMs, null);
  const blind = await healed((atS) => (atS < 20 ? 'away' : []));
  t.equal(blind.told[0]?.wellMs, null, 'without a look before the cut nobody knows who was well');
});

t.test('a cut that a shorter run does not come to the end of is not judged', async (t) => {
  const { told } = await healed(
    () => [],
    (atS) => atS >= 18 && atS < 50,
  );
  t.same(told, []);
});
