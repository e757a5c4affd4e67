import t from 'tap';
import { pullTask, snapshotTask } from '../../../../src/streams/ffmpeg/arguments.ts';

/** Holds what the private call of fluent-ffmpeg answers, so that another version cannot change it unseen. */
t.test('a pull copies one video from the relay into fragments on its standard output', async (t) => {
  const paths = { relayUrl: 'rtsp://127.0.0.1:5000/0123', output: '/run/a b/1.sock' };
  const { args, ...given } = pullTask({ ...paths, codec: 'H264', sound: 'none' });
  t.same(given, { output: '/run/a b/1.sock' });
  const input = args.indexOf('-i');
  t.same(args.slice(input, input + 2), ['-i', 'rtsp://127.0.0.1:5000/0123']);
  t.equal(args.at(-1), 'pipe:1');
  const before = args.slice(0, input).join(' ');
  const after = args.slice(input + 2, -1).join(' ');
  for (const part of ['-nostdin', '-nostats', '-loglevel level+warning', '-rtsp_transport tcp', '-f rtsp']) {
    t.ok(before.includes(part), part);
  }
  t.match(before, /-protocol_whitelist rtsp,rtp,tcp(?: |$)/);
  for (const part of ['-c:v copy', '-an', '-f mp4', '-frag_duration 500000', '-flush_packets 1']) {
    t.ok(after.includes(part), part);
  }
  t.match(after, /-movflags \+frag_keyframe\+empty_moov\+default_base_moof/);
  t.notOk(args.includes('-y'), 'overwrites no file');
  t.notOk(args.includes('-tag:v'));
  t.match(
    pullTask({ ...paths, codec: 'H265', sound: 'copy' }).args.join(' '),
    /-c:v copy -tag:v hvc1 -map 0:a:0\? -c:a copy /,
  );
});

t.test('a still reads bare video from its standard input and writes its first or last pictures', async (t) => {
  const paths = { input: '/run/1.sock', output: '/run/2.sock' };
  const { args, ...given } = snapshotTask({ format: 'hevc', skip: 0, ...paths });
  t.same(given, paths);
  const input = args.indexOf('-i');
  t.equal(args[input + 1], 'pipe:0');
  t.equal(args.at(-1), 'pipe:1');
  t.match(args.slice(0, input).join(' '), /-protocol_whitelist pipe .*-f hevc/);
  t.match(args.slice(input).join(' '), /-frames:v 1 .*-f mjpeg/);
  const last = snapshotTask({ format: 'h264', skip: 30, ...paths }).args.join(' ');
  t.match(last, /-flags2 \+showall .*-vf select=gte\(n\\,30\) -vsync passthrough/);
  t.notMatch(last, /-frames:v/);
});
