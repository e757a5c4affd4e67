import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { picturesIn, videoSetup } from '../../../../src/streams/fmp4/annex-b.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { NalReader } from '../../../../src/streams/relay/nal-reader.ts';
import { readRtp } from '../../../../src/streams/relay/rtp-packet.ts';
import { DigestCheck } from '../../../../src/streams/rtsp/digest-check.ts';
import { RequestReader } from '../../../../src/streams/rtsp/request-reader.ts';
import { RtpWriter } from '../../../../src/streams/rtsp/rtp-writer.ts';
import { interleavedChannel } from '../../../../src/streams/rtsp/transport.ts';
import { fragmentedH264, fragmentedHevc } from '../../../support/streams/fragmented.ts';

/** Payloads of the frames in `data`, which must be whole. */
function packetsOf(data: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < data.length; at += 4 + data.readUInt16BE(at + 2)) {
    packets.push(data.subarray(at + 4, at + 4 + data.readUInt16BE(at + 2)));
  }
  return packets;
}

t.test('units are packed so that a reader gets them back, whatever their size', async () => {
  const unit = (codec: string) => (bytes: number) => {
    const head = codec === 'H264' ? [0x65] : [0x26, 0x01];
    return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, 0x55)]);
  };
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.constant(1_396), fc.constant(70_000)), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.constantFrom('H264' as const, 'H265' as const), fc.array(sizes, { maxLength: 3 }), (codec, all) => {
      const pictures = all.map((some, index) => ({
        atMs: 1_700_000_000_000 + index * 40,
        units: some.map(unit(codec)),
      }));
      const writer = new RtpWriter({ codec, channel: 2, source: 7 });
      const packets = packetsOf(writer.pictures(pictures)).map((packet) => readRtp(packet)!);
      const reader = new NalReader(codec);
      const units = packets.flatMap((packet) => reader.push(packet));
      const wanted = pictures.flatMap((picture) => picture.units);
      const marks = packets.filter(({ marker }) => marker).length;
      return (
        marks === pictures.length &&
        units.length === wanted.length &&
        units.every((one, index) => one.equals(wanted[index]!)) &&
        packets.every(({ sequence, payload }, index) => sequence === index && payload.length <= 1_400)
      );
    }),
  );
});

t.test('pictures are found in fragments with when they are shown, also out of order', async (t) => {
  for (const file of [fragmentedH264('in order'), fragmentedH264('out of order'), fragmentedHevc()]) {
    const parts = new FragmentParser().push(file);
    const { init } = parts.find((part) => part.type === 'init')!;
    const { lengthBytes, sets } = videoSetup(init);
    t.ok(sets.length >= 2);
    const shown: number[] = [];
    for (const part of parts) {
      if (part.type !== 'fragment') continue;
      const { fragment } = part;
      for (const { units, shownAt } of picturesIn(fragment.data, init.movie, lengthBytes)) {
        t.ok(units.length > 0);
        shown.push(fragment.decodeTimeMs + (shownAt * 1000) / init.movie.timescale);
      }
      t.throws(() => picturesIn(fragment.data.subarray(0, -1), init.movie, lengthBytes));
    }
    const sorted = [...shown].sort((one, other) => one - other);
    const step = (sorted.at(-1)! - sorted[0]!) / (sorted.length - 1);
    t.ok(
      sorted.slice(1).every((at, index) => Math.abs(at - sorted[index]! - step) < 1),
      'at even times',
    );
  }
});

t.test('requests are read alike however their bytes come', async () => {
  const bytes = Buffer.concat([
    Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'),
    Buffer.from([0x24, 1, 0, 6, 0x24, 0x0d, 0x0a, 0x0d, 0x0a, 0x24]),
    Buffer.from('\r\nSET_PARAMETER rtsp://x/y RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 8\r\n\r\n$\r\n\r\nab$'),
    Buffer.from('PLAY rtsp://x/y RTSP/1.0\r\nCSeq: 3\r\n\r\n'),
  ]);
  const whole = ['OPTIONS 0', 'frame', 'SET_PARAMETER 8', 'PLAY 0'];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: bytes.length })), (cuts) => {
      const reader = new RequestReader();
      const items: string[] = [];
      const ends = [...new Set([...cuts, bytes.length])].sort((one, other) => one - other);
      let from = 0;
      for (const end of ends) {
        reader.push(bytes.subarray(from, end));
        from = end;
        for (let item = reader.next(); item; item = reader.next()) {
          items.push(item.type === 'frame' ? 'frame' : `${item.method} ${item.body.length}`);
        }
      }
      return items.join() === whole.join();
    }),
  );
});

t.test('any bytes are requests or are refused, and nothing else happens', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      const reader = new RequestReader();
      try {
        for (const chunk of chunks) {
          reader.push(Buffer.from(chunk));
          while (reader.next());
        }
        return true;
      } catch (error) {
        return (error as Error).name === 'BadRequest';
      }
    }),
  );
});

t.test('a login counts for its own connection, method and secret alone', async (t) => {
  const check = new DigestCheck();
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const nonce = /nonce="(\w+)"/.exec(check.challenge)![1]!;
  const response = md5(`${md5('u:citywatch:s')}:${nonce}:${md5('DESCRIBE:rtsp://x/y')}`);
  const header = `Digest username="u", realm="citywatch", nonce="${nonce}", uri="rtsp://x/y", response="${response}"`;
  const known = (user: string) => (user === 'u' ? 's' : null);
  t.equal(check.userOf(header, 'DESCRIBE', known), 'u');
  t.equal(check.userOf(header, 'PLAY', known), null);
  t.equal(
    check.userOf(header, 'DESCRIBE', () => 'other'),
    null,
  );
  t.equal(
    check.userOf(header, 'DESCRIBE', () => null),
    null,
  );
  t.equal(new DigestCheck().userOf(header, 'DESCRIBE', known), null, 'overheard, it is worth nothing elsewhere');
  const basic = `Basic ${Buffer.from('u:s').toString('base64')}`;
  for (const odd of ['', 'Digest', basic, header.replace('response=', 'answer=')]) {
    t.equal(check.userOf(odd, 'DESCRIBE', known), null, odd);
  }
});

t.test('a player gets the channel that it asks for, or none', async (t) => {
  const channels: Record<string, number | null> = {
    'RTP/AVP/TCP;unicast;interleaved=0-1': 0,
    'RTP/AVP/TCP;interleaved=6-7;unicast': 6,
    'RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast': 0,
    'rtp/avp/tcp; unicast; interleaved=2-3': 2,
    'RTP/AVP;unicast;client_port=5000-5001': null,
    'RTP/AVP/TCP;multicast': null,
    'RTP/AVP/TCP;interleaved=255-256': null,
    '': null,
  };
  for (const [header, channel] of Object.entries(channels)) t.equal(interleavedChannel(header), channel, header);
});
