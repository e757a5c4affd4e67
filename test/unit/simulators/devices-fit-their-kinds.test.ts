import t from 'tap';
import { inventPlate, vehicleClassOf } from '../../../simulators/checkpoint/plates.ts';
import { KioskModel } from '../../../simulators/kiosk/model.ts';
import { seeded } from '../../../simulators/random.ts';
import type { Channel, Message } from '../../../src/core/types.ts';
import { Kinds } from '../../../src/devices/kinds/kinds.ts';
import { decodeMessage } from '../../support/ingest/decode.ts';

function message(channel: Channel, kind: string, payload: unknown): Message {
  const device = { id: 'd-1', kind, kindVersion: 1, jurisdiction: '330203' };
  const receipt = { receivedAtMs: Date.now(), uplink: 'mqtt' as const, connection: 'c', packetId: 1, dup: false };
  const position = { lane: 'live' as const, incarnation: '', offset: 0, endOffset: 1 };
  return { ...receipt, ...position, channel, topic: 't', device, raw: Buffer.from(JSON.stringify(payload)) };
}

t.test('what kiosks send in a day is accepted, burning and full ones too', async (t) => {
  const kinds = await Kinds.load('config/kinds');
  const model = new KioskModel(seeded('kiosk-1'));
  const accept = (channel: Channel, payload: unknown): void => {
    const decoded = decodeMessage(message(channel, 'recycling-kiosk', payload), kinds.latest('recycling-kiosk'));
    t.same(decoded.refusals, [], JSON.stringify(payload));
  };
  const before = Number(model.read().fill_pct);
  for (let minute = 0; minute < 1_440; minute += 1) {
    for (const data of model.pass(60, 12)) accept('event', { ts: Date.now(), id: `${minute}`, type: 'deposit', data });
    if (minute % 10 === 0) accept('telemetry', { ts: Date.now(), values: model.read() });
  }
  t.ok(Number(model.read().fill_pct) > before, 'it has filled up');
  t.ok(Number(model.read().fill_pct) < 90, 'and is not full by itself');
  model.catchFire();
  t.match(model.read(), { smoke: true });
  t.ok(Number(model.read().temp_c) > 80);
  model.pass(600, 0);
  accept('telemetry', { ts: Date.now(), values: model.read() });
  model.extinguish();
  model.pass(120, 0);
  t.ok(!model.read().smoke && Number(model.read().temp_c) < 40, 'it cools down');
  model.becomeFull();
  t.ok(Number(model.read().fill_pct) > 90);
  model.empty();
  t.ok(Number(model.read().fill_pct) < 5);
});

t.test('plates look like plates, of the colours that go with them', async (t) => {
  const random = seeded('plates');
  const shapes = {
    blue: /^[\u4e00-\u9fa5][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}$/,
    yellow: /^[\u4e00-\u9fa5][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}$/,
    green: /^[\u4e00-\u9fa5][A-HJ-NP-Z][DAFG]\d{5}$/,
    'yellow-green': /^[\u4e00-\u9fa5][A-HJ-NP-Z]\d{5}[DF]$/,
    white: /^[\u4e00-\u9fa5][A-HJ-NP-Z]\d{4}警$/,
  };
  const seen = new Set<string>();
  for (let index = 0; index < 5_000; index += 1) {
    const plate = inventPlate('浙B', random);
    seen.add(plate.color);
    if (!shapes[plate.color].test(plate.text)) t.fail(`${plate.color} ${plate.text}`);
    vehicleClassOf(plate, random);
  }
  t.equal(seen.size, 5, 'all colours occur');
});
