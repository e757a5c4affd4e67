import fc from 'fast-check';
import * as HLS from 'hls-parser';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { RecordedFiles } from '../../../../src/streams/playback/recorded-files.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Playback } from '../../../../src/streams/recordings/playback.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { fragmentedFilm, fragmentedHevc, fragmentedWithSound } from '../../../support/streams/fragmented.ts';
import { othersAgree } from '../../../support/streams/media/other-readers.ts';
import { decodeFile } from '../../../support/streams/players.ts';
import { NOT_CODED } from '../../../support/streams/recordings/not-coded.ts';
import { recordFilm } from '../../../support/streams/recordings/recorded-film.ts';
import { look } from '../../../support/streams/streams.ts';

const RANGES = 8;
const HOLE_MS = 3_000;

const database = await openDatabase(t);
const directory = await temporaryDirectory(t);
const ownership = firstOwner();
const reader = new DiskReader({ clock: systemClock, directory });
t.teardown(() => reader.stop());
const recordings = new Recordings({ database, ownership, classOf: () => 'public' as const });
const playback = new Playback({
  clock: systemClock,
  recordings,
  gaps: new GapTable({ database, ownership }),
  files: new RecordedFiles({ readerOf: () => reader }),
  coded: NOT_CODED,
  readerOf: () => reader,
  register: async () => {},
});
const view = look('cam-1');
const beginMs = Math.floor(systemClock.nowMs() / 1_000) * 1_000 - 3_600_000;
/** Unix ms of each file: pictures alone, with sound, after a hole in another codec, and with sound again. */
const files: { fromMs: number; toMs: number }[] = [];

t.before(async () => {
  const films = [fragmentedFilm(6), fragmentedWithSound({ seconds: 4 }), fragmentedHevc(), fragmentedWithSound()];
  let startsAtMs = beginMs;
  for (const [at, film] of films.entries()) {
    const { endsAtMs } = await recordFilm(recordings, directory, { device: 'cam-1', startsAtMs, film });
    files.push({ fromMs: startsAtMs, toMs: endsAtMs });
    startsAtMs = endsAtMs + (at === 1 ? HOLE_MS : 0);
  }
});

/** What a player fetches for one segment: the beginning that it needs, and itself. */
async function fetched(segment: HLS.types.Segment): Promise<Buffer> {
  const part = async (uri: string, { offset, length }: { offset: number; length: number }): Promise<Buffer> => {
    const [, startsAtMs, leaseEpoch] = /^recordings\/(\d+)-(\d+)\.mp4\?/.exec(uri)!.map(Number);
    const { read } = await playback.file(view, { startsAtMs: startsAtMs!, leaseEpoch: leaseEpoch! });
    return await read(offset, offset + length - 1);
  };
  const { map, uri, byterange } = segment as Required<HLS.types.Segment>;
  return Buffer.concat([await part(map.uri!, map.byterange!), await part(uri, byterange)]);
}

t.test('of any range each listed segment decodes, and is what other programs take for a film', async (t) => {
  const lengthMs = files.at(-1)!.toMs - beginMs;
  const moment = fc.integer({ min: -1_000, max: lengthMs + 1_000 });
  const judged = new Set<string>();
  await fc.assert(
    fc.asyncProperty(moment, fc.integer({ min: 1, max: lengthMs }), async (from, length) => {
      const span = { fromMs: beginMs + from, toMs: beginMs + from + length };
      const touched = files.filter(({ fromMs, toMs }) => fromMs < span.toMs && toMs > span.fromMs);
      const text = await playback.playlist(view, span).catch(({ code }: { code: string }) => code);
      if (touched.length === 0) return text === 'not-found';
      const { segments } = HLS.parse(text) as HLS.types.MediaPlaylist;
      for (const segment of segments) {
        if (judged.has(segment.uri)) continue;
        const film = await fetched(segment);
        t.equal(await decodeFile(film), '', segment.uri);
        await othersAgree(t, film);
        judged.add(segment.uri);
      }
      const [told, is] = [segments, touched].map((some) => some.length);
      return told === is;
    }),
    { numRuns: RANGES, examples: [[0, lengthMs]] },
  );
  t.equal(judged.size, files.length);
});
