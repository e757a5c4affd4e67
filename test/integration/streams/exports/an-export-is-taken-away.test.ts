import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { samePersonAmong } from '../../../../src/access/owners.ts';
import { verify } from '../../../../src/app/commands/registers/verify.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { PublicKeys, Signer } from '../../../../src/platform/records/signing.ts';
import type { ExportAsked, RecordingExport } from '../../../../src/streams/exports/export.ts';
import { type ExportsDeps, RecordingExports } from '../../../../src/streams/exports/exports.ts';
import { verifyExport } from '../../../../src/streams/exports/verify-export.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Pins } from '../../../../src/streams/recordings/pins.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { bearerOfTokenBy } from '../../../support/access/tokens-of.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { othersAgree } from '../../../support/streams/media/other-readers.ts';
import { type FilmRecorded, recordFilm } from '../../../support/streams/recordings/recorded-film.ts';
import { look } from '../../../support/streams/streams.ts';

const NINGBO = callerIn('330200');
const OTHER = { ...callerIn('330200'), id: 'somebody-else', name: 'somebody else' };
const CAM = { id: 'cam-1', name: '南门', jurisdiction: '330203' };

const database = await openDatabase(t);
const directory = await temporaryDirectory(t);
const ownership = firstOwner();
const reader = new DiskReader({ clock: systemClock, directory });
t.teardown(() => reader.stop());
const recordings = new Recordings({ database, ownership, classOf: () => 'public' as const });
const gaps = new GapTable({ database, ownership });
const signer = new Signer(randomBytes(32));
const views: View[] = [];
const time = { aheadMs: 0, jumpMs: 0, monotonicMs: 0 };
const clock = {
  ...systemClock,
  nowMs: () => systemClock.nowMs() + time.aheadMs,
  // Each question is a moment later.
  monotonicMs: () => (time.monotonicMs += time.jumpMs),
};
const parts: ExportsDeps = {
  database,
  clock,
  observer: quietObserver(),
  recordings,
  gaps,
  pins: new Pins({ database, clock }),
  readers: () => [reader],
  directory: join(directory, 'exports'),
  freeBytes: async () => 1024 ** 4,
  signer,
  needsApproval: false,
  samePersonAmong,
  namesOf: async () => new Map([[CAM.id, CAM]]),
  register: async (view) => void views.push(view),
};
const exports = new RecordingExports(parts);
const beginMs = systemClock.nowMs() - 3_600_000;
const asked: ExportAsked = {
  cameras: [CAM],
  quality: 'main',
  fromMs: beginMs,
  toMs: beginMs + 60_000,
  purpose: 'theft',
  case: 'A-7',
};
let films: FilmRecorded[];

t.before(async () => {
  mkdirSync(parts.directory);
  films = [];
  for (const afterMs of [0, 20_000, 40_000]) {
    films.push(await recordFilm(recordings, directory, { device: CAM.id, startsAtMs: beginMs + afterMs }));
  }
  const hole = { fromMs: films[0]!.endsAtMs, toMs: beginMs + 20_000 };
  await gaps.write([{ device: CAM.id, quality: 'main', ...hole, reason: { cause: 'camera', detail: 'it was off' } }]);
  rmSync(films[2]!.path);
});

async function made(asking: RecordingExport, by = exports): Promise<RecordingExport> {
  for (let turns = 0; turns < 50 && (await by.handle(asking.id)).again; turns += 1);
  return await by.one(asking.id);
}

/** Its archive, and the folder that the system's `tar` unpacks it into. */
async function taken(id: string): Promise<{ archive: string; folder: string; key: string }> {
  const { name, tar } = await exports.archive(id, () => exports.looked([look(CAM.id)]));
  const place = await temporaryDirectory(t);
  const [archive, key] = [join(place, name), join(place, 'gateway.pem')];
  const chunks: Buffer[] = [];
  // As it is fetched when it was cut off in the middle.
  const cut = Math.floor(tar.bytes / 3);
  for await (const chunk of tar.read(0, cut - 1)) chunks.push(Buffer.from(chunk));
  for await (const chunk of tar.read(cut, tar.bytes - 1)) chunks.push(Buffer.from(chunk));
  const data = Buffer.concat(chunks);
  t.equal(data.length, tar.bytes);
  writeFileSync(archive, data);
  writeFileSync(key, exports.publicKey.pem);
  execFileSync('tar', ['-xf', archive, '-C', place]);
  return { archive, folder: join(place, `export-${id}`), key };
}

const run = (folder: string, command: string, args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const openssl = (folder: string, key: string, name: string): string =>
  run(folder, 'openssl', [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-inkey',
    key,
    '-rawin',
    '-in',
    name,
    '-sigfile',
    `${name}.sig`,
  ]);

t.test('an export goes on where a kill left it, and holds by stock tools and by ours', async (t) => {
  const asking = await exports.ask(NINGBO, asked);
  t.match(asking, { state: 'copying', approved: null });
  time.jumpMs = 10_000;
  t.not((await exports.handle(asking.id)).again, null, 'a turn has an end');
  time.jumpMs = 0;
  const halfway = await exports.progress(asking);
  t.equal(halfway.files, 3);
  t.ok(halfway.done > 0 && halfway.done < 3, `${halfway.done} files were done`);
  const ready = await made(asking, new RecordingExports(parts));
  t.match(ready, { state: 'ready', manifestSha256: /^[0-9a-f]{64}$/ });
  const before = views.length;
  const { folder, key } = await taken(asking.id);
  t.equal(views.length, before + 1, 'a look at each camera is registered');

  t.match(run(folder, 'sha256sum', ['-c', 'SHA256SUMS']), /^cam-1\/.*: OK\ncam-1\/.*: OK\nmanifest.json: OK\n$/);
  for (const name of ['manifest.json', 'SHA256SUMS']) t.match(openssl(folder, key, name), /Verified Successfully/);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  t.match(manifest, {
    id: asking.id,
    cameras: [CAM],
    purpose: 'theft',
    case: 'A-7',
    approvedBy: null,
    key: signer.keyId,
  });
  t.match(
    manifest.holes.map(({ cause, detail }: { cause: string; detail: string }) => ({ cause, detail })),
    [{ cause: 'camera', detail: 'it was off' }, { cause: 'not-recorded' }, { cause: 'missing', detail: /^cam-1/ }],
  );
  const [first] = manifest.files;
  t.equal(readFileSync(join(folder, first.path)).compare(readFileSync(films[0]!.path)), 0, 'byte for byte');
  await othersAgree(t, readFileSync(join(folder, first.path)));
  t.match(run(folder, 'openssl', ['dgst', '-sm3', first.path]), first.sm3);
});

t.test('what was changed in an export, or taken out, is named', async (t) => {
  const { id } = await made(await exports.ask(NINGBO, asked));
  const { archive, folder, key } = await taken(id);
  const [first] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).files;
  const keys = PublicKeys.parse(signer.publicPem)!;
  for (const path of [archive, folder]) t.match(await verifyExport(path, keys), { faults: [], whole: 2 });

  const file = join(folder, first.path);
  const whole = readFileSync(file);
  const changed = Buffer.from(whole);
  changed[1_000]! ^= 1;
  writeFileSync(file, changed);
  t.strictSame((await verifyExport(folder, keys)).faults, [`${first.path} was changed`]);
  t.throws(() => run(folder, 'sha256sum', ['-c', '--status', 'SHA256SUMS']));
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line), complain: () => {}, secrets: new KnownSecrets() };
  t.equal(await verify.run({ words: [folder], options: { key } }, terminal), 1);
  t.match(lines[0], `Broken: ${first.path} was changed.`);
  writeFileSync(file, whole);
  t.equal(await verify.run({ words: [archive], options: { key } }, terminal), 0);
  const here = process.cwd();
  process.chdir(folder);
  const within = await verifyExport('.', keys).finally(() => process.chdir(here));
  t.match(within, { faults: [], whole: 2 }, 'also from within its folder');
  writeFileSync(`${key}.json`, JSON.stringify(exports.publicKey));
  const asAnswered = { key: `${key}.json` };
  t.equal(await verify.run({ words: [archive], options: asAnswered }, terminal), 0, 'and as the API tells the key');

  const said = join(folder, 'manifest.json');
  writeFileSync(said, readFileSync(said, 'utf8').replace('theft', 'Theft'));
  t.throws(() => openssl(folder, key, 'manifest.json'));
  t.match((await verifyExport(folder, keys)).faults, [
    /^manifest.json is not what was signed/,
    /^SHA256SUMS says other/,
  ]);
  const stranger = PublicKeys.parse(new Signer(randomBytes(32)).publicPem)!;
  t.match((await verifyExport(archive, stranger)).faults, [/is none of those that were given/]);
  rmSync(file);
  t.ok((await verifyExport(folder, keys)).faults.includes(`${first.path} is missing`));
  const bytes = readFileSync(archive);
  writeFileSync(archive, bytes.subarray(0, bytes.length / 2));
  await t.rejects(verifyExport(archive, keys), /cut off/);
});

t.test('where another person has to approve it, nothing is copied before', async (t) => {
  const careful = new RecordingExports({ ...parts, needsApproval: true });
  const asking = await careful.ask(NINGBO, asked);
  t.equal((await made(asking, careful)).state, 'asked');
  const same = await bearerOfTokenBy(database, NINGBO);
  for (const by of [NINGBO, same]) await t.rejects(careful.approve(by, asking.id), { code: 'auth.forbidden' });
  t.match(await careful.approve(OTHER, asking.id), { state: 'copying', approved: { id: OTHER.id } });
  await t.rejects(careful.approve(OTHER, asking.id), { code: 'conflict.state' });
  t.equal((await made(asking, careful)).state, 'ready');
  const { rows } = await sql<{ action: string }>`select action from audit_entry where action like 'recording.export%'
    order by seq desc limit 2`.execute(database.tables());
  t.strictSame(rows, [{ action: 'recording.export-approve' }, { action: 'recording.export' }]);
  await careful.remove(NINGBO, asking.id);
  await t.rejects(
    exports.archive(asking.id, async () => {}),
    { code: 'conflict.state' },
  );
});

t.test('the last minutes are told as what they are: their file is not whole yet', async (t) => {
  const { id } = await made(await exports.ask(NINGBO, { ...asked, toMs: systemClock.nowMs() - 1_000 }));
  const { folder } = await taken(id);
  const { holes } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  t.match(holes.at(-1), { cause: 'too-recent', detail: String });
});

t.test('what cannot be taken away is refused with the reason', async (t) => {
  const nowMs = systemClock.nowMs();
  const wrong: [Partial<ExportAsked>, string][] = [
    [{ toMs: nowMs + 60_000 }, 'request.invalid'],
    [{ fromMs: beginMs - 8 * 86_400_000 }, 'request.invalid'],
    [{ cameras: [{ ...CAM, id: 'cam-2' }] }, 'not-found'],
  ];
  for (const [part, code] of wrong) {
    await t.rejects(exports.ask(NINGBO, { ...asked, ...part }), { code });
  }
  const full = new RecordingExports({ ...parts, freeBytes: async () => 4 * 1024 ** 3 + 1 });
  await t.rejects(full.ask(NINGBO, asked), { code: 'store.full', detail: /needs 0.0 GiB, and its disk has 0.0 GiB/ });
});

t.test('a copy is removed when its time is over', async (t) => {
  const { id } = await made(await exports.ask(NINGBO, asked));
  time.aheadMs = 73 * 3_600_000;
  await t.rejects(
    exports.archive(id, async () => {}),
    { code: 'conflict.state', detail: /removed/ },
  );
  await exports.tidy(clock.nowMs());
  t.match(await exports.one(id), { state: 'removed' });
  t.throws(() => readFileSync(join(parts.directory, id, 'manifest.json')));
});

t.test('who sees few exports finds them behind however many of others', async (t) => {
  const before = await exports.list(async (some) => some);
  await sql`insert into recording_export (id, cameras, quality, from_ms, to_ms, purpose, by_type, by_id, by_name,
    asked_at_ms, state, bytes)
    select gen_random_uuid(), cameras, quality, from_ms, to_ms, 'of others', by_type, by_id, by_name,
      asked_at_ms + number / 3 + 1, 'removed', 0
    from recording_export, generate_series(1, 500) as number where id = ${before[0]!.id}`.execute(database.tables());
  t.equal((await exports.list(async (some) => some)).length, 200);
  const own = await exports.list(async (some) => some.filter(({ purpose }) => purpose !== 'of others'));
  t.strictSame(own.map(({ id }) => id).sort(), before.map(({ id }) => id).sort());
});
