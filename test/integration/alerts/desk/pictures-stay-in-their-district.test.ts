import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { saveAlerts } from '../../../../src/alerts/desk/log/write.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import type { AlertEvidence, AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { AlertClips } from '../../../../src/alerts/evidence/alert-clips.ts';
import { AlertedCameras } from '../../../../src/alerts/evidence/alerted-cameras.ts';
import type { AlertClip, ClipsPort } from '../../../../src/alerts/evidence/clips-port.ts';
import { EvidenceDesk } from '../../../../src/alerts/evidence/evidence.ts';
import { Opened } from '../../../../src/alerts/evidence/opened.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { camerasSeeing } from '../../../../src/devices/registry/nearby-cameras.ts';
import { LocalBlobs } from '../../../../src/platform/blobs/local-blobs.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { alertLog, firstClaim } from '../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';

const MIGRATION = new URL('../../../../src/platform/database/migrations/0157-place-of-evidence.sql', import.meta.url);
const NATION = callerIn('000000');
const NINGBO = callerIn('330200');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');
const BORDER = { lat: 29.83, lon: 121.55 };

let parts: OpenRegistry;
let evidence: EvidenceDesk;
/** Clips that were asked for, and how they are. */
const asked = new Map<string, { camera: string; fromMs: number; toMs: number }>();
let clip: AlertClip;
const clipsPort: ClipsPort = {
  ask: async (id, of) => void asked.set(id, of),
  find: async (id) => (asked.has(id) ? clip : null),
  bytes: async (id) => Buffer.from(`clip ${id}`),
  keep: async () => {},
};
t.before(async () => {
  parts = await openRegistry(t);
  const { database } = parts;
  evidence = new EvidenceDesk({
    database,
    clock: systemClock,
    observer: quietObserver(),
    queries: new AlertQueries(database),
    log: alertLog(),
    opened: new Opened(),
    pictures: {
      camerasFor: (devices, readers) => camerasSeeing(database, devices, readers),
      snapshot: async (camera) => ({
        jpeg: Buffer.from(`picture of ${camera}`),
        takenAtMs: systemClock.nowMs() - 1_500,
      }),
    },
    clips: clipsPort,
    firstNews: () => 0,
    blobs: new LocalBlobs({
      name: 'evidence',
      directory: t.testdir(),
      clock: systemClock,
      reserveBytes: 0,
      volume: { problem: async () => null },
      freeBytes: async () => Number.POSITIVE_INFINITY,
    }),
    committed: () => {},
  });
  await camera('cam-haishu', '330203');
  await camera('cam-city', '330200');
});

async function camera(id: string, jurisdiction: string): Promise<void> {
  await parts.registry.create(NATION, { kind: 'camera', name: id, id, jurisdiction, location: BORDER });
  const db = parts.database.tables<{ position: { id: string; stream: string } }>();
  await db
    .updateTable('position')
    .set({ stream: '{"main":{"url":"rtsp://10.0.0.1/"}}' })
    .where('id', '=', id)
    .execute();
}

/** An alert of a device, opened and gone through the evidence queue; the picture or why there is none. */
async function pictureOf(device: string, jurisdiction: string): Promise<{ id: string; found: AlertEvidence }> {
  const id = await openAlert(device, jurisdiction);
  await evidence.handle(firstClaim(id));
  const db = parts.database.tables<AlertTables>();
  const row = await db.selectFrom('alert').select('evidence').where('id', '=', id).executeTakeFirstOrThrow();
  return { id, found: row.evidence[0]! };
}

async function openAlert(device: string, jurisdiction: string): Promise<string> {
  const id = randomUUID();
  const stamps = { first_at_ms: 1, last_at_ms: 1, received_at_ms: 1, decided_at_ms: 1, committed_at_ms: Date.now() };
  const what = { rule: 'fire', severity: 'extreme', title: { en: 'Fire', zh: '起火' } };
  const at = { device, device_name: device, jurisdiction, ...BORDER };
  await saveAlerts(parts.database, [alertRow({ id, dedup_key: id, ...what, ...at, ...stamps, fired_at_ms: 1 })]);
  return id;
}

t.test('a kiosk at the coordinates of a foreign camera gets no picture of it', async (t) => {
  await parts.registry.create(YINZHOU, kiosk({ id: 'k-spy' }));
  const { found } = await pictureOf('k-spy', '330212');
  t.match(found, { type: 'unavailable', camera: null });
});

t.test(
  'nor of one that only some readers of the alert may see: the county reads what the city alone sees',
  async (t) => {
    await camera('cam-yinzhou', '330212');
    await parts.registry.create(NINGBO, kiosk({ id: 'k-county' }));
    t.match((await pictureOf('k-county', '330212')).found, { type: 'picture', camera: 'cam-yinzhou' });
    await parts.registry.create(NINGBO, kiosk({ id: 'k-city', jurisdiction: '330200' }));
    const { id, found } = await pictureOf('k-city', '330200');
    t.equal(found.type, 'picture', 'whoever reads an alert of the city sees the cameras of all its counties');
    t.ok((await evidence.shown(NINGBO, id, found.id)).data.length > 0);
  },
);

t.test(
  'a camera that a person who sees it has named for the device is granted, to all who read the alert',
  async (t) => {
    await t.rejects(parts.registry.create(YINZHOU, kiosk({ id: 'k-x', cameras: ['cam-haishu'] })), {
      code: 'request.invalid',
    });
    await parts.registry.create(NINGBO, kiosk({ id: 'k-granted', cameras: ['cam-haishu'] }));
    const { id, found } = await pictureOf('k-granted', '330212');
    t.match(found, { type: 'picture', camera: 'cam-haishu' });
    t.equal(String((await evidence.shown(YINZHOU, id, found.id)).data), 'picture of cam-haishu');
  },
);

t.test('a grant ends when device or camera moves by the hand of somebody who does not see the other', async (t) => {
  const { registry, database } = parts;
  const granted = async (device: string, readers: string) =>
    ((await camerasSeeing(database, [device], readers)).get(device) ?? [])
      .filter((sight) => sight.granted)
      .map((sight) => sight.camera);
  await camera('cam-province', '330000');
  await registry.create(NATION, kiosk({ id: 'k-moves', cameras: ['cam-province', 'cam-haishu'] }));
  await registry.update(NINGBO, 'k-moves', 1, { jurisdiction: '330203' });
  t.strictSame(await granted('k-moves', '330203'), ['cam-haishu'], 'the mover sees one of the two');
  await registry.create(NATION, kiosk({ id: 'k-hebei', jurisdiction: '130300', cameras: ['cam-haishu'] }));
  await registry.update(NINGBO, 'cam-haishu', 1, { jurisdiction: '330205' });
  t.strictSame(await granted('k-hebei', '130300'), []);
  t.strictSame(await granted('k-moves', '330203'), ['cam-haishu'], 'a device the mover sees keeps it');
});

t.test('an alert that moved to another district shows its picture only to who sees where it was taken', async (t) => {
  await parts.registry.create(YINZHOU, kiosk({ id: 'k-carried' }));
  const { id, found } = await pictureOf('k-carried', '330212');
  t.match(found, { type: 'picture', camera: 'cam-yinzhou' });
  const db = parts.database.tables<AlertTables>();
  await db.updateTable('alert').set({ jurisdiction: '330203' }).where('id', '=', id).execute();
  await t.rejects(evidence.shown(HAISHU, id, found.id), { code: 'not-found', message: /another district/ });
  t.ok((await evidence.shown(NINGBO, id, found.id)).data.length > 0);
});

t.test('a picture says how old it is, and a clip follows it when its time is over', async (t) => {
  await parts.registry.create(YINZHOU, kiosk({ id: 'k-clip' }));
  const { id, found } = await pictureOf('k-clip', '330212');
  t.ok(found.ageMs! >= 1_500 && found.ageMs! < 60_000, `${found.ageMs} ms`);
  const { database } = parts;
  const atMs = systemClock.nowMs();
  await sql`update alert set received_at_ms = ${atMs} where id = ${id}`.execute(database.tables());
  const cameras = {
    camerasFor: (devices: readonly string[], readers: string) => camerasSeeing(database, devices, readers),
  };
  const log = alertLog();
  const clips = new AlertClips({
    database,
    clock: systemClock,
    log,
    pictures: cameras,
    clips: clipsPort,
    committed: () => {},
  });
  t.ok((await clips.handle(id)).again!.atMs >= atMs + 20_000);
  t.match([...asked.values()], [{ camera: 'cam-yinzhou', fromMs: atMs - 10_000, toMs: atMs + 20_000 }]);
  const facts = {
    startsAtMs: atMs - 9_000,
    endsAtMs: atMs + 20_000,
    missing: 'no pre-roll: not pulled',
    source: 'memory',
  };
  clip = { ...facts, state: 'waiting', sha256: null };
  t.not((await clips.handle(id)).again, null, 'it is not made yet');
  clip = { ...facts, state: 'ready', sha256: 'ab'.repeat(32) };
  t.equal((await clips.handle(id)).again, null);
  await clips.handle(id);
  const shown = await new AlertQueries(database).get(YINZHOU, id);
  t.match(shown.evidence, [
    { type: 'picture', ageMs: found.ageMs },
    { type: 'clip', camera: 'cam-yinzhou', sha256: 'ab'.repeat(32), reason: 'no pre-roll: not pulled' },
  ]);
  t.equal(shown.evidence.length, 2, 'it is attached once');
  const line = { fromMs: 0, toMs: 10, max: 10 };
  const queries = new AlertQueries(database);
  const marks = await queries.ofCamera(YINZHOU, 'cam-yinzhou', line);
  t.match(
    marks.find((mark) => mark.id === id),
    { rule: 'fire', severity: 'extreme', atMs: 1 },
    'it is on its line',
  );
  const others = await queries.ofCamera(HAISHU, 'cam-yinzhou', line);
  t.notOk(
    others.some((mark) => mark.id === id),
    'not for who does not read the alert',
  );
  t.strictSame(await queries.ofCamera(YINZHOU, 'cam-yinzhou', { ...line, fromMs: 2 }), []);
  t.strictSame(await queries.ofCamera(YINZHOU, 'cam-elsewhere', line), []);
  t.match(await evidence.shown(YINZHOU, id, shown.evidence[1]!.id), { type: 'video/mp4', data: Buffer });
  await sql`update alert set jurisdiction = '330203' where id = ${id}`.execute(database.tables());
  await t.rejects(evidence.shown(HAISHU, id, shown.evidence[1]!.id), {
    code: 'not-found',
    message: /another district/,
  });
});

t.test('pictures of before get the place of their camera, and whether it was named for the device', async (t) => {
  const old = (camera: string) => ({ id: randomUUID(), type: 'picture' as const, camera, takenAtMs: 1 });
  const missing = { id: randomUUID(), type: 'unavailable' as const, camera: null, takenAtMs: 1, reason: 'none' };
  const id = await openAlert('k-granted', '330212');
  const db = parts.database.tables<AlertTables>();
  const before = JSON.stringify([missing, old('cam-haishu'), old('cam-city')]);
  await db.updateTable('alert').set({ evidence: before }).where('id', '=', id).execute();
  await sql.raw(await readFile(MIGRATION, 'utf8')).execute(db);
  const row = await db.selectFrom('alert').select('evidence').where('id', '=', id).executeTakeFirstOrThrow();
  t.match(row.evidence, [
    missing,
    { camera: 'cam-haishu', jurisdiction: '330205', granted: true },
    { camera: 'cam-city', jurisdiction: '330200', granted: false },
  ]);
  await t.rejects(evidence.shown(YINZHOU, id, row.evidence[2]!.id), { code: 'not-found' });
});

t.test('cameras that see the place of an alert are told while it goes on, an hour at most', async (t) => {
  const { database } = parts;
  await sql`update alert set handling = 'closed'`.execute(database.tables());
  const id = await openAlert('k-county', '330212');
  const cameras = {
    camerasFor: (devices: readonly string[], readers: string) => camerasSeeing(database, devices, readers),
  };
  const told = async (nowMs: number) =>
    (await new AlertedCameras({ database, clock: { ...systemClock, nowMs: () => nowMs }, cameras }).now()).map(
      ({ camera: one }) => one,
    );
  const seen = await told(1_000);
  t.ok(seen.includes('cam-yinzhou') && seen.includes('k-county'), 'the device itself may be one');
  t.notOk(seen.includes('cam-haishu'));
  t.strictSame(await told(3_600_002), [], 'it lasts too long to be an event');
  await sql`update alert set handling = 'closed' where id = ${id}`.execute(database.tables());
  t.strictSame(await told(1_000), []);
});
