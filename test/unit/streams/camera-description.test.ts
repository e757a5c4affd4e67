import fc from 'fast-check';
import t from 'tap';
import { localDescription, videoTrack } from '../../../src/streams/relay/sdp.ts';
import { reasonOf } from '../../support/stream-failure.ts';

const BASE = 'rtsp://10.1.2.3/live/';

function sdp(...lines: string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 10.1.2.3', 's=x', 'c=IN IP4 10.9.9.9', 't=0 0', ...lines, ''].join('\r\n');
}

const H264 = ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000'];

t.test('control addresses are resolved as RFC 2326 says', async (t) => {
  const of = (session: string[], control: string[], base = BASE) => {
    const { controlUri, aggregateUri } = videoTrack(sdp(...session, ...H264, ...control), base);
    return [aggregateUri, controlUri];
  };
  t.same(of(['a=control:*'], ['a=control:track1']), [BASE, `${BASE}track1`]);
  t.same(of([], ['a=control:track1'], 'rtsp://h/p'), ['rtsp://h/p', 'rtsp://h/p/track1']);
  t.same(of([], []), [BASE, BASE], 'no control at all');
  t.same(of(['a=control:rtsp://h/all'], ['a=control:rtsp://h/all/1']), ['rtsp://h/all', 'rtsp://h/all/1']);
  t.equal(
    reasonOf(() => of([], ['a=control:x y'])),
    'nonsense',
  );
});

t.test('the first video that can be passed on is taken, sound and metadata are left', async (t) => {
  const others = [
    'm=audio 0 RTP/AVP 0',
    'm=application 0 RTP/AVP 98',
    'm=video 0 RTP/AVP 26',
    'a=rtpmap:26 JPEG/90000',
  ];
  const hevc = ['m=video 0 RTP/AVP 97', 'a=rtpmap:97 H265/90000', 'a=fmtp:97 sprop-vps=AAAA;sprop-sps=BBBB'];
  const track = videoTrack(sdp(...others, ...hevc), BASE);
  t.match(track, { codec: 'H265', payloadType: 97 });
  t.same(
    [...track.parameters],
    [
      ['sprop-vps', 'AAAA'],
      ['sprop-sps', 'BBBB'],
    ],
  );
  t.equal(
    reasonOf(() => videoTrack(sdp(...others), BASE)),
    'codec-unsupported',
  );
});

t.test('ffmpeg is told only what has the right form', async (t) => {
  const fmtp = 'a=fmtp:96 packetization-mode=1; profile-level-id=4D401F;sprop-parameter-sets=Z00=,aO4=;x-evil=|id;';
  const track = videoTrack(sdp('a=control:*', ...H264, fmtp, 'a=control:rtsp://10.9.9.9:6379/x'), BASE);
  t.equal(
    localDescription(track),
    [
      'v=0',
      'o=- 0 0 IN IP4 127.0.0.1',
      's=camera',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      'a=control:*',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 packetization-mode=1;profile-level-id=4D401F;sprop-parameter-sets=Z00=,aO4=',
      'a=control:video',
      '',
    ].join('\r\n'),
  );
});

t.test('a description that is none, or of a hundred media, is refused', async (t) => {
  t.equal(
    reasonOf(() => videoTrack('<html>', BASE)),
    'nonsense',
  );
  t.equal(
    reasonOf(() => videoTrack(sdp(...Array.from({ length: 100 }, () => 'm=audio 0 RTP/AVP 0')), BASE)),
    'nonsense',
  );
});

t.test('parameters with blanks around and between them are read in a short turn', async (t) => {
  const known = 'packetization-mode = 1 ; sprop-parameter-sets=Z0I=,aM4= ';
  for (const piece of [' ', ';', '=', ' =', '; a']) {
    const line = `a=fmtp:96 ${known};x=a${piece.repeat(60_000 / piece.length)}b`;
    const startedMs = performance.now();
    const { parameters } = videoTrack(sdp(...H264, line), BASE);
    const tookMs = performance.now() - startedMs;
    t.same([...parameters.values()], ['1', 'Z0I=,aM4=']);
    t.ok(tookMs < 500, `${JSON.stringify(piece)} took ${Math.round(tookMs)} ms`);
  }
});

t.test('no description whatever gets more than known lines to ffmpeg', async () => {
  const part = fc.constantFrom('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 ', 'a=control:', ';', '=');
  const line = fc.array(fc.oneof(part, fc.string({ maxLength: 40 })), { maxLength: 4 }).map((parts) => parts.join(''));
  const known = /^(v=0|o=- 0 0 IN IP4 127\.0\.0\.1|s=camera|c=IN IP4 127\.0\.0\.1|t=0 0|a=control:(\*|video))$/;
  const media = /^(m=video 0 RTP\/AVP \d+|a=rtpmap:\d+ H26[45]\/90000|a=fmtp:\d+ [A-Za-z0-9+/=,;-]+)$/;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const reason = reasonOf(() => {
        const told = localDescription(videoTrack(sdp(...H264, ...lines), BASE))
          .split('\r\n')
          .slice(0, -1);
        if (!told.every((one) => known.test(one) || media.test(one))) throw new Error(told.join('\n'));
      });
      return reason === null || reason === 'nonsense' || reason === 'codec-unsupported';
    }),
    { numRuns: 1_000 },
  );
});
