import * as HLS from 'hls-parser';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { TranscodeBudget, transcodeLimits } from '../../../../src/streams/ffmpeg/transcode-budget.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { CodedPlayback } from '../../../../src/streams/playback/coded-playback.ts';
import { RecordedFiles } from '../../../../src/streams/playback/recorded-files.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Playback } from '../../../../src/streams/recordings/playback.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { fragmentedHevc, fragmentedHevcWithSound, fragmentedSteps } from '../../../support/streams/fragmented.ts';
import { othersAgree } from '../../../support/streams/media/other-readers.ts';
import { decodeFile, heardFrames, packetTimes, streamsOf } from '../../../support/streams/players.ts';
import { recordFilm } from '../../../support/streams/recordings/recorded-film.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';

const database = await openDatabase(t);
const { pool } = await startStreams(t);
const { sockets, spawner } = pool;
const directory = await temporaryDirectory(t);
const ownership = firstOwner();
const reader = new DiskReader({ clock: systemClock, directory });
t.teardown(() => reader.stop());
const recordings = new Recordings({ database, ownership, classOf: () => 'public' as const });
const files = new RecordedFiles({ readerOf: () => reader });
const transcodes = new TranscodeBudget({ clock: systemClock, observer: quietObserver() }, transcodeLimits(100));
const views: View[] = [];
const playback = new Playback({
  clock: systemClock,
  recordings,
  gaps: new GapTable({ database, ownership }),
  files,
  coded: new CodedPlayback({ clock: systemClock, sockets, spawner, transcodes, files }),
  readerOf: () => reader,
  register: async (view) => void views.push(view),
});
const view = look('cam-1');
/** Six seconds of H.264, and behind a hole one of H.265. */
const beginMs = Math.floor(systemClock.nowMs() / 1_000) * 1_000 - 3_600_000;
const foreignMs = beginMs + 20_000;
const span = { fromMs: beginMs, toMs: beginMs + 3_600_000 };

t.before(async () => {
  await recordFilm(recordings, directory, { device: 'cam-1', startsAtMs: beginMs, film: fragmentedSteps(6) });
  await recordFilm(recordings, directory, { device: 'cam-1', startsAtMs: foreignMs, film: fragmentedHevc() });
});

t.test('H.265 is played as H.264 where that is asked for, and the rest as it was recorded', async (t) => {
  const playlist = await playback.codedPlaylist(view, span);
  t.equal(views.length, 1, 'it is a look');
  t.equal((HLS.parse(playlist) as HLS.types.MediaPlaylist).segments.length, 2);
  t.match(playlist, new RegExp(`recordings/${beginMs}-1\\.mp4\\?quality=main&purpose=routine\\n`), 'H.264 as it is');
  t.match(playlist, new RegExp(`MAP:URI="recordings/${foreignMs}-1\\.m4s\\?[^"]*codec=h264&part=head"`));
  t.match(playlist, new RegExp(`^recordings/${foreignMs}-1\\.m4s\\?.*codec=h264&part=0$`, 'm'));
  const name = { startsAtMs: foreignMs, leaseEpoch: 1 };
  const [head, piece] = [await playback.codedPart(view, name, 'head'), await playback.codedPart(view, name, 0)];
  const file = Buffer.concat([head, piece]);
  const [init] = new FragmentParser().push(file);
  t.match(init, { type: 'init', init: { movie: { codec: /^avc1/, width: 640, height: 360 } } });
  t.equal((await packetTimes(file)).length, 10, 'every picture of its second');
  t.equal(await decodeFile(file), '');
  t.equal(transcodes.usedPct, 0, 'each turn was given back');
  await t.rejects(playback.codedPart(view, name, 99), { code: 'not-found' });
});

t.test('its sound goes beside it, byte for byte and when it was heard', async (t) => {
  const seconds = 13;
  const film = fragmentedHevcWithSound(seconds);
  const startsAtMs = beginMs;
  await recordFilm(recordings, directory, { device: 'cam-2', startsAtMs, film });
  const heardView = look('cam-2');
  const text = await playback.codedPlaylist(heardView, span);
  const { segments } = HLS.parse(text) as HLS.types.MediaPlaylist;
  t.ok(segments.length >= 2, 'in pieces');
  const name = { startsAtMs, leaseEpoch: 1 };
  const head = await playback.codedPart(heardView, name, 'head');
  const pieces: Buffer[] = [];
  for (const part of segments.keys()) {
    const piece = await playback.codedPart(heardView, name, part);
    pieces.push(piece);
    t.equal(await decodeFile(Buffer.concat([head, piece])), '', `piece ${part} by itself`);
  }
  const file = Buffer.concat([head, ...pieces]);
  t.equal(await decodeFile(file), '');
  await othersAgree(t, film);
  await othersAgree(t, file);
  const streams = await streamsOf(file);
  t.match(streams, [{ codec: 'h264' }, { codec: 'aac' }]);
  for (const { lengthS } of streams) t.ok(lengthS > seconds - 0.7 && lengthS < seconds + 0.2, `${lengthS} s`);
  const [was, is] = [await heardFrames(film), await heardFrames(file)];
  t.strictSame(
    is.map(({ md5 }) => md5),
    was.map(({ md5 }) => md5),
    'over all pieces, nothing lost and nothing twice',
  );
  const [shownWas, shownIs] = [await packetTimes(film), await packetTimes(file)];
  t.equal(shownIs.length, shownWas.length);
  const offsetS = Math.min(...shownIs) - Math.min(...shownWas);
  const apartS = is.map(({ atS }, at) => Math.abs(atS - was[at]!.atS - offsetS));
  t.ok(Math.max(...apartS) < 0.003, `at most ${Math.max(...apartS)} s from its pictures`);
});

t.test('a master playlist names what there is of a time, and its key frames beside it', async (t) => {
  for (const speed of [1, 4] as const) {
    const text = await playback.master(view, span, speed);
    const { variants, isMasterPlaylist } = HLS.parse(text) as HLS.types.MasterPlaylist;
    const variant = variants.find(({ isIFrameOnly }) => !isIFrameOnly)!;
    t.equal(isMasterPlaylist, true);
    t.match(variant.codecs, /^(?=.*avc1\.)(?=.*hvc1\.)/, 'both that occur');
    t.ok(variant.bandwidth >= variant.averageBandwidth!);
    const uri = /I-FRAME-STREAM-INF:.*URI="([^"]+)"/.exec(text)![1]!;
    t.match([variant.uri, uri], [/^playback\.m3u8\?/, /^playback-keys\.m3u8\?/]);
    for (const name of [variant.uri, uri]) {
      const { searchParams } = new URL(name, 'http://any');
      t.equal(Date.parse(searchParams.get('from')!), span.fromMs);
      t.equal(searchParams.get('speed'), speed === 1 ? null : String(speed));
      t.equal(searchParams.get('purpose'), view.purpose);
    }
  }
  t.notMatch(await playback.master(view, span, 16), /I-FRAME/, 'it has key frames alone by itself');
});
