import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { Conversation } from '../../../../src/streams/relay/conversation.ts';
import { videoTrack } from '../../../../src/streams/relay/sdp.ts';
import { rawRtsp, startRtsp } from '../../../support/streams/rtsp/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';
import { ManualClock, patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const bed = await startStreams(t, { clock: patientClock });
const camera = await TestCamera.start(t);
bed.cameras.set('cam', { url: camera.url });
await bed.service.lease(look('cam', 'somebody'));

const request = (method: string, path: string, headers: string[] = []) =>
  [`${method} rtsp://127.0.0.1${path} RTSP/1.0`, 'CSeq: 1', ...headers, '', ''].join('\r\n');

/** The gateway's own client of RTSP, at the server. */
async function client(t: Test, port: number, login: { user: string; password: string } | null) {
  const { socket } = await rawRtsp(t, port);
  socket.removeAllListeners('data');
  const { user: username = '', password = '' } = login ?? {};
  const options = { clock: systemClock, login: login && { username, password }, bytesPerS: 10_000_000 };
  const talk = new Conversation(socket, options);
  const url = (path: string) => `rtsp://127.0.0.1:${port}${path}`;
  return { talk, url };
}

async function refusal(t: Test, port: number, { path, login }: { path: string; login: Parameters<typeof client>[2] }) {
  const { talk, url } = await client(t, port, login);
  const answer = await talk.request('DESCRIBE', url(path)).catch((error: Error) => error.message);
  talk.tell('TEARDOWN', url(path), {});
  return answer;
}

t.test('the own client of the gateway is shown what a token is for, and nothing else', async (t) => {
  const { passes, port } = await startRtsp(t, bed);
  const login = passes.add();
  t.match(await refusal(t, port, { path: '/live/cam', login: null }), /login/);
  t.match(await refusal(t, port, { path: '/live/cam', login: { ...login, password: 'wrong' } }), /password/);
  t.equal(passes.asked, 0, 'nobody was asked for a login that is wrong');
  t.match(await refusal(t, port, { path: '/live/cam-2', login }), /404/);
  t.match(await refusal(t, port, { path: '/live/../etc/passwd', login }), /404/);

  const { talk, url } = await client(t, port, login);
  const frames: Buffer[] = [];
  talk.onFrame = (frame) => void frames.push(Buffer.from(frame));
  talk.listen([0, 1]);
  const { headers, body } = await talk.request('DESCRIBE', url('/live/cam'));
  const track = videoTrack(body.toString(), headers.get('content-base')![0]!);
  t.match(track, { codec: 'H264', payloadType: 96, controlUri: url('/live/cam/video') });
  t.equal(track.sets.length, 2, 'with the sets that a decoder needs');
  const udp = talk.request('SETUP', track.controlUri, { Transport: 'RTP/AVP;unicast;client_port=5000-5001' });
  await t.rejects(udp, /UDP alone/, 'media come over the connection, or not at all');
  const transport = { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' };
  const session = (await talk.request('SETUP', track.controlUri, transport)).headers.get('session')![0]!;
  t.match(session, /^[0-9a-f]{16};timeout=60$/);
  await t.rejects(talk.request('PLAY', track.aggregateUri, { Session: 'another' }), /454/);
  await talk.request('PLAY', track.aggregateUri, { Session: session });
  await until('video and a report', () => new Set(frames.map((frame) => frame[1])).size === 2 && frames.length > 30);
  const sequence = frames.filter((frame) => frame[1] === 0).map((frame) => frame.readUInt16BE(6));
  t.same(
    sequence,
    sequence.map((_, index) => index),
    'numbered one by one',
  );
  await talk.request('GET_PARAMETER', track.aggregateUri, { Session: session });
  await t.rejects(talk.request('PAUSE', track.aggregateUri, { Session: session }), /405/);
  await talk.request('TEARDOWN', track.aggregateUri, { Session: session });
  t.equal((await talk.ended).reason, 'closed');
});

t.test('what is no request ends a connection and is counted', async (t) => {
  const { port, metrics } = await startRtsp(t, bed);
  const hostile: Record<string, string | Buffer> = {
    'a head without end': `OPTIONS * RTSP/1.0\r\n${'X-A: a\r\n'.repeat(2_000)}`,
    'a head of one line': `DESCRIBE rtsp://x/${'a'.repeat(100_000)}`,
    'many headers': `OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n${'A: b\r\n'.repeat(500)}\r\n`,
    'a large body': request('SET_PARAMETER', '/live/cam', ['Content-Length: 1000000000']),
    'another protocol': 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'no text': Buffer.alloc(100, 0x80),
    'no number': 'OPTIONS * RTSP/1.0\r\n\r\n',
    'a control character': 'OPTIONS rtsp://x/\u0000 RTSP/1.0\r\nCSeq: 1\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    const raw = await rawRtsp(t, port);
    raw.socket.write(bytes);
    await until(what, raw.closed);
    t.match(raw.text(), /^RTSP\/1\.0 400 /, what);
  }
  const said = await metrics();
  t.match(said, new RegExp(`reason="bad-request"\\} ${Object.keys(hostile).length}`));
});

t.test('requests behind each other are answered in order, and too many end it', async (t) => {
  const { port } = await startRtsp(t, bed);
  const some = await rawRtsp(t, port);
  const options = (number: number) => `OPTIONS * RTSP/1.0\r\nCSeq: ${number}\r\n\r\n`;
  // A frame of its own in between, as players report how they receive.
  const report = Buffer.concat([Buffer.from([0x24, 1, 0, 200]), Buffer.alloc(200, 0x24)]);
  some.socket.write(Buffer.concat([Buffer.from(options(1) + options(2)), report, Buffer.from(options(3))]));
  await until('three answers', () => some.text().split('RTSP/1.0 200').length === 4);
  t.same(
    [...some.text().matchAll(/CSeq: (\d)/g)].map(([, number]) => number),
    ['1', '2', '3'],
  );

  const many = await rawRtsp(t, port);
  many.socket.write(options(1).repeat(5_000));
  await until('it is ended', many.closed);
  t.ok(many.text().split('RTSP/1.0 200').length < 200);
});

t.test('there are so many players of one viewer, and so many in all', async (t) => {
  const { passes, port } = await startRtsp(t, bed, { seats: { sessionsMax: 2, perViewerMax: 1 } });
  const begin = async (viewer: string) => {
    const { talk, url } = await client(t, port, passes.add(look('cam', viewer)));
    const answer = await talk.request('DESCRIBE', url('/live/cam')).then(
      () => 'shown',
      (error: Error) => error.message,
    );
    return { answer, end: () => talk.tell('TEARDOWN', url('/live/cam'), {}) };
  };
  const first = await begin('a');
  t.equal(first.answer, 'shown');
  t.match((await begin('a')).answer, /453/);
  t.equal((await begin('b')).answer, 'shown');
  t.match((await begin('c')).answer, /453/);
  first.end();
  await until('a place is free', async () => (await begin('c')).answer === 'shown');
});

t.test('who says nothing, or nothing more, is ended in time', async (t) => {
  const clock = new ManualClock();
  const { passes, port, metrics } = await startRtsp(t, bed, { clock });
  const silent = await rawRtsp(t, port);
  const slow = await rawRtsp(t, port);
  slow.socket.write('DESCRIBE rtsp://127.0.0.1/live/cam RTSP/1.0\r\nCSeq: 1\r\nX');
  await clock.advance(12_000);
  await until('both are ended', () => silent.closed() && slow.closed());

  const { talk, url } = await client(t, port, passes.add());
  talk.listen([0, 1]);
  let frames = 0;
  talk.onFrame = () => {
    frames += 1;
  };
  await talk.request('DESCRIBE', url('/live/cam'));
  const { headers } = await talk.request('SETUP', url('/live/cam/video'), {
    Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
  });
  const session = { Session: headers.get('session')![0]! };
  await talk.request('PLAY', url('/live/cam/'), session);
  const more = async () => {
    const before = frames;
    await until('pictures come', () => frames > before);
  };
  for (let minutes = 0; minutes < 3; minutes += 1) {
    for (let s = 0; s < 50; s += 10) {
      await clock.advance(10_000);
      await more();
    }
    await talk.request('GET_PARAMETER', url('/live/cam/'), session);
  }
  let isOver = false;
  void talk.ended.then(() => {
    isOver = true;
  });
  for (let s = 0; s < 50; s += 10) {
    await clock.advance(10_000);
    await more();
  }
  t.equal(isOver, false, 'still within its time');
  await clock.advance(12_000);
  await until('the session is ended', () => isOver);
  t.match(await metrics(), /reason="silent"\} 1/);
});
