import t from 'tap';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { nextReport, packetsOf } from '../../../../simulators/devices/packets.ts';
import type { Entry } from '../../../../simulators/fleet/ledger-lines.ts';
import { Facts } from '../../../../simulators/report/facts.ts';
import { judge } from '../../../../simulators/report/judge.ts';

const BEGAN_MS = Date.UTC(2026, 5, 8, 10);
const S = 1_000;
/** Power is back at 160 s; what devices kept has gone out five seconds later. */
const BACK_S = 160;
const LAST_S = BACK_S + 5;

const city = (forS: number) =>
  buildCity(
    parseCityFile(
      `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: 30, periodS: 10 }
timeline:
  - { atS: 110, do: fire, fleet: kiosk, count: 30, forS: ${forS}, alertWithinS: 5, clearWithinS: 60 }
  - { atS: 100, do: power-cut, district: "330203", forS: 60 }
`,
      'test',
    ),
    { seed: 1, scale: 1, prefix: 'sim-t-', beginAtMs: BEGAN_MS },
  );

interface Heard {
  forS?: number;
  /** When the command centre was told of a fire in the district without power, and in the other one. */
  darkS: number | null;
  lightS?: number | null;
  clearedS?: number;
  endedS?: number;
}

async function judged({ forS = 90, darkS, lightS = 111, clearedS = 230, endedS = 600 }: Heard) {
  const { befallen, citizens } = city(forS);
  const told = {
    run: 'r1',
    city: 'test',
    seed: 1,
    scale: 1,
    prefix: 'sim-t-',
    gateway: 'test',
    machine: 'test',
    part: '1/1',
  };
  const entries: Entry[] = [{ what: 'head', head: { ...told, beganAtMs: BEGAN_MS } }];
  entries.push(...befallen.map((one): Entry => ({ what: 'befallen', befallen: one })));
  for (const [index, { sender, district }] of citizens.entries()) {
    const { id } = sender.being;
    entries.push({ what: 'device', index, kind: 'recycling-kiosk', id, district });
    const atS = district === '330203' ? darkS : lightS;
    for (const [type, s] of [
      ['alert.opened', atS],
      ['alert.cleared', atS === null ? null : clearedS],
    ] as const) {
      if (s === null) continue;
      const [atMs, place] = [BEGAN_MS + s * S, `${id} ${type}`];
      const one = { atMs, webhook: place, alert: `a-${id}`, type, device: id, place, verdict: 'right' };
      entries.push({ what: 'delivered', delivered: { ...one, isRepeat: false, storm: 0, stamps: null } });
    }
  }
  const self = {
    sent: 0,
    late: 0,
    lateP99Ms: 0,
    loopP99Ms: 0,
    cpuShare: 0,
    rssMb: 0,
    endedAtMs: BEGAN_MS + endedS * S,
  };
  entries.push({ what: 'self', self });
  const { promises, alerts } = await judge(await Facts.of(entries), null);
  return { broken: promises.filter(({ kept }) => kept === false).map(({ name }) => name), alerts };
}

t.test('a device without power says that it burns when it has it again, and so it is written down', (t) => {
  const { befallen, citizens, world } = city(90);
  for (const { sender, district } of citizens) {
    const fire = befallen.find(({ device }) => device === sender.being.id);
    t.equal(fire?.saidMs ?? null, district === '330203' ? BEGAN_MS + LAST_S * S : null);
    const sent: number[] = [];
    for (let atMs = BEGAN_MS; atMs < BEGAN_MS + 300 * S; atMs = nextReport(sender, atMs)) {
      const packets = packetsOf(sender, nextReport(sender, atMs), { id: 'r', world });
      sent.push(...packets.filter(({ payload }) => payload.includes('"smoke":true')).map(({ dueMs }) => dueMs));
    }
    t.ok(Math.min(...sent) <= (fire?.saidMs ?? BEGAN_MS + 110 * S), 'it has said so by then');
    t.ok(Math.min(...sent) >= BEGAN_MS + (district === '330203' ? BACK_S : 110) * S, 'and not before it can');
  }
  t.end();
});

t.test('its alert is owed from then on', async (t) => {
  t.strictSame((await judged({ darkS: LAST_S + 4 })).broken, []);
  t.strictSame((await judged({ darkS: BACK_S + 1 })).broken, [], 'or sooner');
  t.strictSame((await judged({ darkS: LAST_S + 8 })).broken, ['expected alerts late']);
  t.strictSame((await judged({ darkS: null })).broken, ['expected alerts missing']);
});

t.test('a device that has power gets no grace for it', async (t) => {
  t.strictSame((await judged({ darkS: LAST_S, lightS: LAST_S })).broken, ['expected alerts late']);
  t.strictSame((await judged({ darkS: LAST_S, clearedS: 300 })).broken, ['alerts not cleared']);
});

t.test('what is over before power is back is owed no alert, and one of it is of something', async (t) => {
  for (const darkS of [LAST_S + 1, null]) {
    const { broken, alerts } = await judged({ forS: 30, darkS, clearedS: 190 });
    t.strictSame(broken, []);
    t.ok(alerts.expected > 0 && alerts.expected < 30, 'of those with power alone');
  }
});

t.test('nor what nobody can say before the run ends', async (t) => {
  t.strictSame((await judged({ darkS: null, endedS: 150 })).broken, []);
});
