import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { samePersonAmong } from '../../../../src/access/owners.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Signer } from '../../../../src/platform/records/signing.ts';
import { Burner } from '../../../../src/streams/copies/burner.ts';
import { ViewingCopies, type ViewingCopiesDeps } from '../../../../src/streams/copies/copies.ts';
import { Letters } from '../../../../src/streams/copies/letters.ts';
import type { ViewingCopy } from '../../../../src/streams/copies/viewing-copy.ts';
import { RecordingExports } from '../../../../src/streams/exports/exports.ts';
import { TranscodeBudget, transcodeLimits } from '../../../../src/streams/ffmpeg/transcode-budget.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Pins } from '../../../../src/streams/recordings/pins.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { judge } from '../../../support/judges.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { fragmentedHevc, fragmentedSteps } from '../../../support/streams/fragmented.ts';
import { recordFilm } from '../../../support/streams/recordings/recorded-film.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

/** A name that would be an option, a filter, a format or a command where it got to ffmpeg as text. */
const NINGBO = { ...callerIn('330200'), name: "-i 张三':%{pts}[v];$(id)\\,x=1" };
const CAM = { id: 'cam-1', name: '南门', jurisdiction: '330203' };
const FONT = { path: (await judge('fonts')).command, name: 'WenQuanYiMicroHei' };

const database = await openDatabase(t);
const { pool } = await startStreams(t);
const directory = await temporaryDirectory(t);
const ownership = firstOwner();
const reader = new DiskReader({ clock: systemClock, directory });
t.teardown(() => reader.stop());
const recordings = new Recordings({ database, ownership, classOf: () => 'public' as const });
const gaps = new GapTable({ database, ownership });
const place = join(directory, 'exports');
const parts = { database, clock: systemClock, observer: quietObserver(), directory: place };
const freeBytes = async (): Promise<number> => 1024 ** 4;
const exports = new RecordingExports({
  ...parts,
  freeBytes,
  recordings,
  gaps,
  pins: new Pins({ database, clock: systemClock }),
  readers: () => [reader],
  signer: new Signer(randomBytes(32)),
  needsApproval: false,
  samePersonAmong,
  namesOf: async () => new Map([[CAM.id, CAM]]),
  register: async () => {},
});
const transcodes = new TranscodeBudget(parts, transcodeLimits(100));
const burner = new Burner({ clock: systemClock, sockets: pool.sockets, spawner: pool.spawner, transcodes });
const views: View[] = [];
const deps: ViewingCopiesDeps = {
  ...parts,
  freeBytes,
  burner,
  letters: async () => FONT,
  unitOf: () => '宁波市公安局',
  register: async (view) => void views.push(view),
};
const copies = new ViewingCopies(deps);
t.teardown(() => copies.stop());
const beginMs = Math.floor(systemClock.nowMs() / 1_000) * 1_000 - 3_600_000;
let exported: string;

t.before(async () => {
  mkdirSync(place);
  const films = [fragmentedSteps(14), fragmentedHevc(), fragmentedSteps(3)];
  for (const [index, film] of films.entries()) {
    await recordFilm(recordings, directory, { device: CAM.id, startsAtMs: beginMs + index * 20_000 + 250, film });
  }
  const span = { fromMs: beginMs, toMs: beginMs + 60_000 };
  const made = await exports.ask(NINGBO, { cameras: [CAM], quality: 'main', ...span, purpose: '盗窃', case: 'A-7' });
  exported = made.id;
  while ((await exports.handle(made.id)).again);
});

async function finished(by: ViewingCopies, { id }: ViewingCopy): Promise<ViewingCopy> {
  return await until(
    'it is made',
    async () => {
      await by.handle(id);
      const copy = await by.one(exported, id);
      return copy.state === 'making' ? null : copy;
    },
    60_000,
  );
}

/** What the archive holds, unpacked by the system's own `tar`. */
async function taken({ id }: ViewingCopy): Promise<string> {
  const { tar, name } = await copies.archive(exported, id, [look(CAM.id)]);
  const chunks: Buffer[] = [];
  for await (const chunk of tar.read(0, tar.bytes - 1)) chunks.push(Buffer.from(chunk));
  const folder = await temporaryDirectory(t);
  writeFileSync(join(folder, name), Buffer.concat(chunks));
  execFileSync('tar', ['-xf', name], { cwd: folder });
  return join(folder, `viewing-copy-${id}`);
}

/** The lower part of the picture at a moment of a video, where the text stands, as grey points. */
function textAt(path: string, atS: number): Buffer {
  const filters = 'crop=iw:90:0:ih-90,format=gray';
  const args = ['-v', 'error', '-ss', String(atS), '-i', path, '-frames:v', '1', '-vf', filters, '-f', 'rawvideo', '-'];
  return execFileSync('ffmpeg', args, { maxBuffer: 16 * 1024 * 1024 });
}

t.test('an export is coded anew with who it is for in the picture, and stays as it is', async (t) => {
  const before = readdirSync(join(place, exported)).sort();
  const manifest = readFileSync(join(place, exported, 'manifest.json'));
  const asked = await copies.ask(NINGBO, exported);
  t.match(asked, { state: 'making', files: 3, filesDone: 0, unit: '宁波市公安局' });
  const copy = await finished(copies, asked);
  t.match(copy, { state: 'ready', filesDone: 3, detail: null });
  const folder = await taken(copy);
  t.equal(views.length, 1, 'taking it is a look');
  t.same(readdirSync(folder).sort(), ['VIEWING-COPY.txt', 'cam-1-1.mp4', 'cam-1-2.mp4', 'cam-1-3.mp4']);
  const told = readFileSync(join(folder, 'VIEWING-COPY.txt'), 'utf8');
  t.match(told, /It proves nothing/);
  t.ok(told.includes(`${NINGBO.name} (${NINGBO.id}) · 宁波市公安局 · 盗窃 · A-7`));
  const first = join(folder, 'cam-1-1.mp4');
  const probed = execFileSync('ffprobe', [
    ...['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames:format=duration'],
    ...['-of', 'default=nw=1', first],
  ]);
  t.match(String(probed), /codec_name=h264[\s\S]*nb_read_frames=168\n/, 'every picture is there');
  t.ok(Math.abs(Number(/duration=([\d.]+)/.exec(String(probed))![1]) - 14) < 0.2, String(probed));
  const bright = textAt(first, 2.5).filter((point) => point > 200).length;
  t.ok(bright > 300, `${bright} points are lit by the letters`);
  t.notOk(textAt(first, 2.5).equals(textAt(first, 3.5)), 'the time goes on');
  const left = readdirSync(join(place, exported)).filter((name) => !name.startsWith('viewing-'));
  t.same([left.sort(), readFileSync(join(place, exported, 'manifest.json'))], [before, manifest]);
  await exports
    .archive(exported, async () => {})
    .then(async ({ tar }) => {
      for await (const chunk of tar.read(0, tar.bytes - 1))
        t.notOk(chunk.includes('viewing-'), 'it is none of the proof');
    });
});

t.test('the letters are those of the text, and the seconds those of the day', async (t) => {
  const letters = await Letters.open(FONT, 20);
  const drawn = letters.draw(['张三 12:34:56'], 200);
  const other = letters.draw(['李四 12:34:56'], 200);
  t.equal(drawn.data.length, 200 * drawn.height);
  t.notOk(drawn.data.equals(other.data));
  t.ok(drawn.data.filter((point) => point > 128).length > 200);
  t.equal(letters.lines('字'.repeat(200), 320, 3).length, 3, 'a long text is cut');
  t.same(letters.lines('short', 320, 3), ['short']);
});

t.test('a gateway that ends goes on with the file it was at, and one that is removed leaves nothing', async (t) => {
  const asked = await copies.ask(NINGBO, exported);
  const folder = join(place, exported, `viewing-${asked.id}`);
  const handled = copies.handle(asked.id);
  await until(
    'a file of it is coded',
    () => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.done')),
    60_000,
  );
  await copies.stop();
  await handled;
  t.match(await copies.one(exported, asked.id), { state: 'making' });
  const first = readFileSync(join(folder, '000000-000.mp4'));
  writeFileSync(join(folder, '000002-000.mp4'), 'half of a piece');
  let burned = 0;
  const later = new ViewingCopies({
    ...deps,
    burner: {
      burn: (piece, who, signal) => {
        burned += 1;
        return burner.burn(piece, who, signal);
      },
    },
  });
  t.teardown(() => later.stop());
  const copy = await finished(later, asked);
  t.match(copy, { state: 'ready', filesDone: 3 });
  t.ok(burned <= 2, `${burned} pieces were coded again`);
  t.ok(first.length > 0);
  await later.remove(NINGBO, exported, copy.id);
  t.notOk(existsSync(folder));
  await t.rejects(later.archive(exported, copy.id, []), { code: 'conflict.state' });
  await t.rejects(later.remove(NINGBO, exported, copy.id), { code: 'conflict.state' });
});

/** One whose piece was short may have ended a moment ago. */
function isKilled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

t.test('an ffmpeg that is killed is started again for its piece', async (t) => {
  const asked = await copies.ask(NINGBO, exported);
  const handled = copies.handle(asked.id);
  await until('one is killed', () => pool.spawner.processIds.some(isKilled));
  await handled;
  t.match(await finished(copies, asked), { state: 'ready', filesDone: 3 });
});

t.test('what ffmpeg dies of is told, and a machine without letters says so', async (t) => {
  const dying = new ViewingCopies({
    ...deps,
    burner: new Burner({
      clock: systemClock,
      sockets: pool.sockets,
      spawner: {
        want: () => {},
        run: (task: object) => ({ ...pool.spawner.run({ ...task, args: ['-nonsense'] }) }),
      } as never,
      transcodes,
    }),
  });
  const asked = await dying.ask(NINGBO, exported);
  t.match(await finished(dying, asked), { state: 'failed', detail: String });
  t.notOk(existsSync(join(place, exported, `viewing-${asked.id}`)));
  const mute = new ViewingCopies({ ...deps, letters: async () => null });
  await t.rejects(mute.ask(NINGBO, exported), { code: 'labels.no-font' });
  const full = new ViewingCopies({ ...deps, freeBytes: async () => 0 });
  await t.rejects(full.ask(NINGBO, exported), { code: 'store.full' });
  await t.rejects(copies.ask(NINGBO, randomUUID()), { code: 'not-found' });
  await exports.remove(NINGBO, exported);
  await t.rejects(copies.ask(NINGBO, exported), { code: 'conflict.state' });
});
