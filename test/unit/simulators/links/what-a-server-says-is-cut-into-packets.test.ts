import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import t from 'tap';
import { addressOf } from '../../../../simulators/links/link.ts';
import { type Heard, MqttFraming } from '../../../../simulators/links/mqtt-framing.ts';

const id = fc.integer({ min: 1, max: 65_535 });

function packet(version: 4 | 5): fc.Arbitrary<{ bytes: Buffer; heard: Heard }> {
  const of = (cmd: Packet, heard: Heard) => ({ bytes: generate(cmd, { protocolVersion: version }), heard });
  const ack = id.map((messageId) => of({ cmd: 'puback', messageId }, { what: 'puback', id: messageId, ok: true }));
  const publish = fc
    .tuple(id, fc.uint8Array({ maxLength: 400 }), fc.constantFrom(0, 1))
    .map(([messageId, payload, qos]) => {
      const common = { cmd: 'publish', topic: 'cw/v1/d/command', payload: Buffer.from(payload) } as const;
      const sent = qos === 1 ? { qos: 1 as const, messageId } : { qos: 0 as const };
      const heard: Heard = { what: 'publish', id: qos === 1 ? messageId : null, payload: Buffer.from(payload) };
      return of({ ...common, ...sent, dup: false, retain: false }, heard);
    });
  const others = fc.constantFrom(
    of({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false }, { what: 'connack', ok: true }),
    of({ cmd: 'suback', messageId: 1, granted: [1] }, { what: 'suback', ok: true }),
    of({ cmd: 'pingresp' }, { what: 'other', ok: true }),
  );
  return fc.oneof(ack, publish, others);
}

for (const version of [4, 5] as const) {
  t.test(`packets of MQTT ${version === 4 ? '3.1.1' : '5'} are read however they are cut`, async (t) => {
    const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(packet(version), { maxLength: 12 }), cuts, (packets, sizes) => {
        const bytes = Buffer.concat(packets.map((one) => one.bytes));
        const framing = new MqttFraming(version);
        const heard: Heard[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const end = at + sizes[turn % sizes.length]!;
          // The same memory each time, as a socket reads: nothing may be kept of it.
          const chunk = Buffer.from(bytes.subarray(at, end));
          framing.take(chunk, (one) => heard.push(one));
          chunk.fill(0xff);
          at = end;
        }
        t.strictSame(
          heard,
          packets.map((one) => one.heard),
        );
      }),
      { numRuns: 100 },
    );
  });
}

t.test('what is no MQTT, and a refusal, are known', async (t) => {
  const framing = new MqttFraming(5);
  t.throws(() => framing.take(Buffer.from([0x40, 0xff, 0xff, 0xff, 0xff, 0x01]), () => {}), /no MQTT/);
  framing.reset();
  const heard: Heard[] = [];
  framing.take(Buffer.from([0x20, 0x03, 0x00, 0x87, 0x00, 0x40, 0x03, 0x00, 0x07, 0x97]), (one) => heard.push(one));
  t.strictSame(heard, [
    { what: 'connack', ok: false },
    { what: 'puback', id: 7, ok: false },
  ]);
});

t.test('each device has an address of its own', async (t) => {
  const all = Array.from({ length: 65_534 }, (_, index) => addressOf(index));
  t.equal(new Set(all).size, 65_534);
  t.ok(all.every((address) => address.startsWith('127.65.')));
  t.strictSame([all[0], all.at(-1)], ['127.65.0.1', '127.65.255.254']);
});
