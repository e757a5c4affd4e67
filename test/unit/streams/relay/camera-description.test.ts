import fc from 'fast-check';
import t from 'tap';
import { ParameterSets } from '../../../../src/streams/relay/parameter-sets.ts';
import { localDescription, videoTrack } from '../../../../src/streams/relay/sdp.ts';
import { reasonOf } from '../../../support/streams/stream-failure.ts';
import { countProcessorTime } from '../../../support/time/processor-time.ts';

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
  t.match(track, { codec: 'H265', payloadType: 97, clockRate: 90_000 });
  t.same(
    track.sets.map((set) => set.toString('base64')),
    ['AAAA', 'BBBB'],
  );
  t.equal(
    reasonOf(() => videoTrack(sdp(...others), BASE)),
    'codec-unsupported',
  );
});

t.test('what is sent in place of H.264 and H.265 is named, in our words alone', async (t) => {
  const told = (...lines: string[]): string => {
    try {
      videoTrack(sdp(...lines), BASE);
    } catch (error) {
      return String((error as Error).message);
    }
    return '';
  };
  t.match(told('m=video 0 RTP/AVP 26'), /It sends JPEG\.$/);
  t.match(told('m=video 0 RTP/AVP 96', 'a=rtpmap:96 MP4V-ES/90000'), /It sends MPEG-4 Part 2\.$/);
  t.match(told('m=video 0 RTP/AVP 97', 'a=rtpmap:97 av1/90000'), /It sends AV1\.$/);
  t.match(told('m=video 0 RTP/AVP 98', 'a=rtpmap:98 EVIL-TEXT/90000'), /Its codec is not known\.$/);
  t.match(told('m=audio 0 RTP/AVP 8'), /It offers no video\.$/);
});

const SPS = Buffer.from('6742c00cda0507e9b80808800000030080', 'hex');
const PPS = Buffer.from('68ce0f2c80', 'hex');
const SPROP = `sprop-parameter-sets=${SPS.toString('base64')},${PPS.toString('base64')}`;

t.test('ffmpeg is told a description that we wrote, with the parameter sets it is given', async (t) => {
  t.equal(
    localDescription('H264', [SPS, PPS]),
    [
      'v=0',
      'o=- 0 0 IN IP4 127.0.0.1',
      's=camera',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      'a=control:*',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      `a=fmtp:96 packetization-mode=1;${SPROP}`,
      'a=control:video',
      '',
    ].join('\r\n'),
  );
});

t.test('descriptions as cameras write them', async (t) => {
  const fmtp = `a=fmtp:96 packetization-mode=1; ${SPROP};`;
  const session = ['v=0', 's=x', 'a=control:*'];
  const cases: [string, string[], string?][] = [
    ['nothing before the media', [...H264, fmtp]],
    ['an empty line first', ['', ...session, ...H264, fmtp]],
    ['a blank first, and lines with blanks', [' v=0', ...H264.map((line) => ` ${line} `), fmtp]],
    ['no version, two names', ['s=a', 's=b', ...H264, fmtp]],
    ['the name of the codec in small letters, without clock', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 h264', fmtp]],
    ['no name of the codec', ['m=video 0 RTP/AVP 96', fmtp]],
    ['more than one format', ['m=video 0 RTP/AVP 26 96', 'a=rtpmap:26 JPEG/90000', 'a=rtpmap:96 H264/90000', fmtp]],
    ['the transport with its protocol', ['m=video 0 RTP/AVP/TCP 96', 'a=rtpmap:96 H264/90000', fmtp]],
    ['parameters behind another medium', [...H264, 'm=audio 0 RTP/AVP 8', fmtp]],
    ['media of unknown kinds', ['m=text/xml 0 RTP/AVP 99', ...H264, fmtp]],
    ['parameters without any', [...H264, 'a=fmtp:96'], ''],
    [
      'sets behind start codes',
      [...H264, `a=fmtp:96 sprop-parameter-sets=${behindStartCode(SPS)},${behindStartCode(PPS)}`],
    ],
    ['no parameter sets', [...H264, 'a=fmtp:96 packetization-mode=1;sprop-parameter-sets='], ''],
    ['one set and a comma', [...H264, `a=fmtp:96 sprop-parameter-sets=${SPS.toString('base64')},`], 'none'],
  ];
  for (const [name, lines, sets] of cases) {
    const track = videoTrack(`${lines.join('\r\n')}\r\n`, BASE);
    t.match(track, { codec: 'H264', payloadType: 96 }, name);
    const current = new ParameterSets('H264', track.sets).current();
    t.same(current, sets === undefined ? [SPS, PPS] : [], name);
  }
});

function behindStartCode(set: Buffer): string {
  return Buffer.concat([Buffer.from([0, 0, 0, 1]), set]).toString('base64');
}

t.test('control addresses that begin with a slash get no second one', async (t) => {
  const of = (base: string) => videoTrack(sdp(...H264, 'a=control:/trackID=0'), base).controlUri;
  t.same([of(BASE), of('rtsp://h/p')], [`${BASE}trackID=0`, 'rtsp://h/p/trackID=0']);
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
    const spentMs = countProcessorTime();
    const { sets } = videoTrack(sdp(...H264, line), BASE);
    const tookMs = spentMs();
    t.same(
      sets.map((set) => set.toString('base64')),
      ['Z0I=', 'aM4='],
    );
    t.ok(tookMs < 500, `${JSON.stringify(piece)} took ${tookMs} ms`);
  }
});

t.test('no description whatever does more than give a track or a reason', async () => {
  const part = fc.constantFrom('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 ', 'a=control:', ';', '=');
  const line = fc.array(fc.oneof(part, fc.string({ maxLength: 40 })), { maxLength: 4 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const reason = reasonOf(() => {
        const { codec, sets, controlUri } = videoTrack(sdp(...H264, ...lines), BASE);
        const told = localDescription(codec, new ParameterSets(codec, sets).current());
        if (!/^[!-~]+$/.test(controlUri) || told.split('\r\n').length !== 11) throw new Error(told);
      });
      return reason === null || reason === 'nonsense' || reason === 'codec-unsupported';
    }),
    { numRuns: 1_000 },
  );
});
