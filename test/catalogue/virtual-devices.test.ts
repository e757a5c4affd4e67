import { readdirSync } from 'node:fs';
import t from 'tap';
import { nextReport, packetsOf } from '../../simulators/devices/packets.ts';
import { TROUBLES } from '../../simulators/models/model.ts';
import { MODELS } from '../../simulators/models/models.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/clock.ts';
import type { Channel, Message } from '../../src/core/types.ts';
import { Kinds } from '../../src/devices/kinds/kinds.ts';
import { decodeMessage } from '../support/ingest/decode.ts';
import { senderOf, WORLD } from '../support/simulators/beings.ts';

const kinds = await Kinds.load('config/kinds');
const FROM_MS = Date.UTC(2026, 5, 8);
const run = { id: 'r1', world: { ...WORLD, storms: [{ fromMs: FROM_MS, toMs: FROM_MS + 6 * HOUR_MS, peakMmh: 80 }] } };

function refusalsOf(kind: string, channel: Channel, payload: string, atMs: number): unknown[] {
  const device = { id: 'd-1', kind, kindVersion: 1, jurisdiction: '330203' };
  const receipt = { receivedAtMs: atMs, uplink: 'mqtt' as const, connection: 'c', packetId: 1, dup: false };
  const position = { lane: 'live' as const, incarnation: '', offset: 0, endOffset: 1 };
  const message: Message = { ...receipt, ...position, channel, topic: 't', device, raw: Buffer.from(payload) };
  return decodeMessage(message, kinds.latest(kind)).refusals;
}

t.test('each kind has a virtual device, and each of those a kind', async (t) => {
  const files = readdirSync('config/kinds').filter((name) => !name.startsWith('_'));
  t.same([...MODELS.keys()].sort(), files.map((name) => name.replace(/\.yaml$/, '')).sort());
});

for (const [kind, model] of MODELS) {
  t.test(`what a virtual ${kind} sends is accepted, and what is broken is not`, async (t) => {
    const troubles = TROUBLES.map((what, at) => {
      const fromMs = FROM_MS + at * 2 * HOUR_MS + 1_000;
      return { what, fromMs, toMs: fromMs + HOUR_MS, plate: '浙B12345' };
    });
    const habits = { duplicates: 0.05, reordered: 0.05, broken: 0.3, withoutIds: 0.5, outagesPerDay: 4, outageMin: 30 };
    const types = new Set<string>();
    const fates = { kept: 0, copy: 0, refused: 0 };
    for (const id of ['a', 'b', 'c']) {
      const sender = senderOf(kind, id, { troubles, habits: { ...habits, clockSkewS: 60, clockDriftPpm: 100 } });
      const stepMs = Math.max(model.periodS * 1_000, 20 * MINUTE_MS);
      for (let atMs = FROM_MS; atMs < FROM_MS + 8 * DAY_MS; atMs += stepMs) {
        for (const { channel, payload, fate, dueMs } of packetsOf(sender, nextReport(sender, atMs), run)) {
          fates[fate] += 1;
          const refused = refusalsOf(kind, channel, payload, dueMs);
          if (refused.length > 0 !== (fate === 'refused')) t.fail(`${fate}: ${payload} ${JSON.stringify(refused)}`);
          if (channel === 'event') types.add(/"type":"(\w+)"/.exec(payload)?.[1] ?? '');
        }
      }
    }
    t.ok(fates.kept > 10 && fates.copy > 0 && fates.refused > 0, JSON.stringify(fates));
    t.ok(!model.troubles || types.size > 0 || model.troubles.includes('fire'), 'what befalls it is told');
    const known = [...(kinds.latest(kind)?.events.keys() ?? [])];
    t.strictSame(
      [...types].filter((type) => !known.includes(type)),
      [],
    );
    t.match(model.firmware.length > 0 && model.periodS, kinds.latest(kind)?.periodS);
  });
}
