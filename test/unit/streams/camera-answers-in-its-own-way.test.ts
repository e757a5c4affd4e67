import t from 'tap';
import { type Answering, honest, ok, WireCamera } from '../../support/streams/camera-wire.ts';

t.test('answers with numbers in any form, wrong ones or none are answers', async (t) => {
  const written: [string, (text: string) => string][] = [
    ['in small letters', (text) => text.replace('CSeq: ', 'cseq:')],
    ['with zeros in front', (text) => text.replace(/CSeq: (\d+)/, 'CSeq: 000$1')],
    ['with blanks behind', (text) => text.replace(/CSeq: (\d+)/, 'CSeq: $1   ')],
    ['without a number', (text) => text.replace(/CSeq: \d+\r\n/, '')],
    ['always the same number', (text) => text.replace(/CSeq: \d+/, 'CSeq: 1')],
    ['bare line ends', (text) => text.replace(/^[\s\S]*?\r\n\r\n/, (head) => head.replaceAll('\r\n', '\n'))],
    ['a status of its own', (text) => text.replace('200 OK', '201')],
    ['an answer before the answer', (text) => `RTSP/1.0 100 Continue\r\n\r\n${text}`],
  ];
  for (const [name, write] of written) {
    const camera = new WireCamera((asked) => write(honest(asked)!));
    const session = await camera.open();
    await session.start();
    t.same(camera.methods, ['DESCRIBE', 'OPTIONS', 'SETUP', 'PLAY'], name);
    t.notOk(camera.closed, name);
  }
});

t.test('an answer that comes late belongs to nothing else', async (t) => {
  const late: string[] = [];
  const camera = new WireCamera((asked) => {
    if (asked.method !== 'OPTIONS') return asked.method === 'SETUP' ? `${late.shift()}${honest(asked)}` : honest(asked);
    late.push(ok(asked));
    return null;
  });
  const opening = camera.open();
  await camera.clock.advance(2_000);
  await opening;
  t.same(camera.methods, ['DESCRIBE', 'OPTIONS', 'SETUP'], 'two seconds for OPTIONS, and no more');
});

t.test('a camera that refuses OPTIONS is described all the same', async (t) => {
  const camera = new WireCamera((asked) =>
    asked.method === 'OPTIONS' ? ok(asked).replace('200 OK', '501 Not Implemented') : honest(asked),
  );
  await camera.open();
  t.same(camera.methods, ['DESCRIBE', 'OPTIONS', 'SETUP']);
});

t.test('a session is kept alive by the method the camera names, answered or not', async (t) => {
  const names = 'Public: OPTIONS, GET_PARAMETER, SET_PARAMETER';
  const silent: Answering = (asked) => {
    if (asked.method === 'OPTIONS') return ok(asked, [names]);
    return asked.method === 'GET_PARAMETER' ? null : honest(asked);
  };
  const camera = new WireCamera(silent);
  await (await camera.open()).start();
  for (let n = 0; n < 6; n += 1) await camera.clock.advance(5_000);
  t.same(camera.methods.slice(4), Array(6).fill('GET_PARAMETER'), 'half of its ten seconds, though it never answers');
  t.equal(camera.asked.at(-1)?.headers.get('session'), '5');
  t.notOk(camera.closed);

  const picky = new WireCamera((asked) =>
    /_PARAMETER/.test(asked.method) ? ok(asked).replace('200 OK', '405 Method Not Allowed') : silent(asked),
  );
  await (await picky.open()).start();
  await picky.clock.advance(5_000);
  await picky.clock.advance(5_000);
  t.same(picky.methods.slice(4), ['GET_PARAMETER', 'SET_PARAMETER', 'OPTIONS', 'OPTIONS']);
});

t.test('a camera without session names gets none', async (t) => {
  const camera = new WireCamera((asked) => honest(asked)!.replace(/Session: .*\r\n/, ''));
  await (await camera.open()).start();
  t.equal(camera.asked.at(-1)?.method, 'PLAY');
  t.notOk(camera.asked.at(-1)?.headers.has('session'));
});

t.test('one that plays only the track it set up, without a range, is asked so', async (t) => {
  const camera = new WireCamera((asked) =>
    asked.method === 'PLAY' && asked.headers.has('range')
      ? ok(asked).replace('200 OK', '457 Invalid Range')
      : honest(asked),
  );
  await (await camera.open()).start();
  t.match(camera.asked.at(-1), { method: 'PLAY', uri: 'rtsp://10.0.0.1/live/t1' });
  t.notOk(camera.closed);

  const stubborn = new WireCamera((asked) =>
    asked.method === 'PLAY' ? ok(asked).replace('200 OK', '503 Service Unavailable') : honest(asked),
  );
  const session = await stubborn.open();
  await session.start();
  t.match(await session.ended, { reason: 'refused', message: /503/ }, 'and a refusal is told as it is');
});

t.test('what the camera asks is answered, and leads nowhere', async (t) => {
  const camera = new WireCamera();
  const session = await camera.open();
  await session.start();
  camera.say('OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n');
  t.match(camera.heard, /RTSP\/1\.0 200 OK\r\nCSeq: 7\r\n\r\n$/);
  camera.say('ANNOUNCE rtsp://x/ RTSP/1.0\r\nCSeq: 8\r\nContent-Length: 5\r\n\r\nv=0\r\n');
  t.match(camera.heard, /CSeq: 8\r\n\r\n$/);
  camera.say('RECORD rtsp://x/ RTSP/1.0\r\nCSeq: 9\r\n\r\n');
  t.match(camera.heard, /RTSP\/1\.0 501 Not Implemented\r\nCSeq: 9\r\n\r\n$/);
  camera.say('REDIRECT rtsp://127.0.0.1:6379/ RTSP/1.0\r\nCSeq: 10\r\n\r\n');
  t.match(await session.ended, { reason: 'redirect' });

  const leaving = new WireCamera();
  const left = await leaving.open();
  leaving.say('TEARDOWN rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n');
  t.match(await left.ended, { reason: 'closed' });
});

t.test('what ends nothing: reports and a BYE on the channel of the video', async (t) => {
  const camera = new WireCamera();
  const session = await camera.open();
  await session.start();
  const framed = (packet: Buffer) => Buffer.concat([Buffer.from([0x24, 0, 0, packet.length]), packet]);
  const source = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  camera.say(framed(Buffer.concat([Buffer.from([0x81, 203, 0, 2]), source, Buffer.alloc(4)])));
  t.equal(session.mediaAtMs, null, 'no media');
  camera.say(
    framed(Buffer.concat([Buffer.from([0x80, 96, 0, 0, 0, 0, 0, 0]), source, Buffer.from([0x41, 0x9a, 0x01])])),
  );
  t.equal(session.mediaAtMs, camera.clock.monotonicMs());
  t.not(session.packer.pictureAtMs, null);
  t.notOk(camera.closed);
});
