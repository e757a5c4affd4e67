import fc from 'fast-check';
import t from 'tap';
import { Reordering } from '../../../../src/streams/relay/datagrams/reordering.ts';

const SOURCE = 0x12345678;

function packet(sequence: number, source = SOURCE): Buffer {
  const rtp = Buffer.alloc(20);
  rtp.writeUInt16BE(0x8060, 0);
  rtp.writeUInt16BE(sequence & 0xffff, 2);
  rtp.writeUInt32BE(source, 8);
  return rtp;
}

function ordering(source: number | null = SOURCE) {
  const out: number[] = [];
  const told = { lost: 0 };
  const taken = (one: Buffer) => void out.push(one.readUInt16BE(2));
  const lost = (packets: number): void => {
    told.lost += packets;
  };
  return { out, told, one: new Reordering({ source, taken, lost }) };
}

t.test('packets come out once and in order, and what is missing is counted', async () => {
  const jump = fc.record({ drop: fc.boolean(), double: fc.boolean(), late: fc.nat(10) });
  fc.assert(
    fc.property(fc.array(jump, { minLength: 40, maxLength: 120 }), fc.nat(0xffff), (all, from) => {
      const { out, told, one } = ordering();
      one.push(packet(from), 0);
      const sent = all.flatMap(({ drop, double, late }, n) =>
        drop ? [] : [{ n, at: n + late }, ...(double ? [{ n, at: n + 3 }] : [])],
      );
      sent.sort((one, other) => one.at - other.at);
      for (const { n } of sent) one.push(packet(from + 1 + n), 1);
      for (let n = all.length; n < all.length + 40; n += 1) one.push(packet(from + 1 + n), 1);
      const numbers = out.map((sequence) => (sequence - from + 0x10000) & 0xffff);
      const inOrder = numbers.every((number, index) => index === 0 || number > numbers[index - 1]!);
      const dropped = all.filter(({ drop }) => drop).length;
      return inOrder && told.lost >= dropped && out.length + told.lost === all.length + 41;
    }),
    { numRuns: 200 },
  );
});

t.test('one that does not come is waited for a moment', async (t) => {
  const { out, told, one } = ordering();
  one.push(packet(1), 0);
  one.push(packet(3), 10);
  one.push(packet(4), 100);
  t.same(out, [1]);
  one.push(packet(5), 220);
  t.same(out, [1, 3, 4, 5]);
  t.equal(told.lost, 1);
  one.push(packet(2), 230);
  t.same(out, [1, 3, 4, 5], 'and then it is too late');
});

t.test('other senders, noise and leaps', async (t) => {
  const { out, one } = ordering();
  one.push(packet(1, 5), 0);
  one.push(Buffer.alloc(3), 0);
  t.same(out, []);
  one.push(packet(1), 0);
  one.push(packet(30_000), 0);
  one.push(packet(30_001), 0);
  t.same(out, [1, 30_000, 30_001], 'a camera that numbers anew');
  const first = ordering(null);
  first.one.push(packet(1, 7), 0);
  first.one.push(packet(2), 0);
  first.one.push(packet(2, 7), 0);
  t.same(first.out, [1, 2]);
});

t.test('whatever comes, no more is held than may be', async () => {
  const any = fc.tuple(fc.nat(0xffff), fc.nat(2), fc.nat(300));
  fc.assert(
    fc.property(fc.array(any, { maxLength: 400 }), (packets) => {
      const { out, one } = ordering(null);
      let atMs = 0;
      let sent = 0;
      for (const [sequence, source, ms] of packets) {
        atMs += ms;
        sent += 1;
        one.push(packet(sequence, source === 0 ? SOURCE : source), atMs);
      }
      return out.length <= sent;
    }),
  );
});
