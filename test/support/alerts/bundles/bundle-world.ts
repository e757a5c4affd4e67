import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { samePersonAmong } from '../../../../src/access/owners.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import type { AlertEvidence, AlertRow } from '../../../../src/alerts/desk/tables.ts';
import { AlertBundles } from '../../../../src/alerts/evidence/bundles/bundles.ts';
import { BundleContents, type BundleContentsDeps } from '../../../../src/alerts/evidence/bundles/contents.ts';
import { EvidenceDesk } from '../../../../src/alerts/evidence/evidence.ts';
import { EvidenceLooks } from '../../../../src/alerts/evidence/looks.ts';
import { Opened } from '../../../../src/alerts/evidence/opened.ts';
import { pictureKey } from '../../../../src/alerts/evidence/picture-key.ts';
import { sealPlates } from '../../../../src/alerts/rules/plates.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { LocalBlobs } from '../../../../src/platform/blobs/local-blobs.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { Signer } from '../../../../src/platform/records/signing.ts';
import { BundleExports } from '../../../../src/streams/exports/bundles.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import { RecordingExports } from '../../../../src/streams/exports/exports.ts';
import { callerIn, openDatabase } from '../../devices/registry.ts';
import { type Owner, quietObserver, temporaryDirectory } from '../../services/services.ts';
import { ShiftedClock } from '../../time/shifted-clock.ts';
import { alertLog, PLATES } from '../alert-desk.ts';
import { alertRow } from '../alert-row.ts';

export const CAMERA = 'cam-1';
export const PLATE = '浙B7K2M8';
export const MASKED = '浙B***M8';
const CLIP = Buffer.concat([Buffer.from('clip of the gate '), randomBytes(300_000)]);
const STILL = Buffer.concat([Buffer.from([0xff, 0xd8]), randomBytes(40_000), Buffer.from([0xff, 0xd9])]);

/** Who asks, and what may be changed of what they may and of what there is. */
export interface BundleWorldState {
  plates: boolean;
  isGone: boolean;
  clip: Buffer | null;
  readings: 'there' | 'away' | 'elsewhere';
  /** Cameras whose pictures are shown for an incident only. */
  incidents: Set<string>;
}

/**
 * Bundles on a database of their own: alerts, their log, pictures on a disk, exports on a disk. Clips, readings and
 * rights are said by the test.
 */
export async function openBundleWorld(t: Owner) {
  const database = await openDatabase(t);
  const directory = await temporaryDirectory(t);
  const clock = new ShiftedClock();
  const state: BundleWorldState = {
    plates: true,
    isGone: false,
    clip: CLIP,
    readings: 'there',
    incidents: new Set(),
  };
  const queries = new AlertQueries(database);
  const needsIncident = (camera: string) => state.incidents.has(camera);
  const register = new AccessRegister({ database, clock, needsIncident });
  const clips: BundleContentsDeps['clips'] & { bytes(id: string): Promise<Buffer | null> } = {
    find: async () => ({ state: 'ready', startsAtMs: 0, endsAtMs: 0, sha256: null, missing: null, source: 'memory' }),
    keep: async () => {},
    bytes: async () => state.clip,
  };
  const blobs = blobsIn(join(directory, 'evidence'), clock);
  const evidence = evidenceOf({ database, clock, queries, clips, blobs });
  const callers = new Map<string, Caller>();
  const rights = {
    now: async ({ id }: { id: string }) => (state.isGone ? null : (callers.get(id) ?? null)),
    mayRead: () => true,
    mayLook: () => true,
    maySeePlates: () => state.plates,
    needsIncident,
  };
  const hits = { get: () => Promise.reject(new CitywatchError('not-found')) };
  const told = { database, clock, queries, evidence, clips, rights, readings: readingsOf(state), hits };
  const source = new BundleContents({ ...told, box: PLATES, wantsClip: () => true });
  const common = { ...writingIn(join(directory, 'exports')), database, clock };
  const bundles = new BundleExports({ ...common, source });
  const looks = new EvidenceLooks({ register, areaOf: () => '330203', needsIncident });
  const alerts = new AlertBundles({ database, queries, exports: bundles, rights, looks, register });
  return {
    database,
    clock,
    state,
    register,
    source,
    common,
    bundles,
    exports: new RecordingExports({ ...common, ...NOTHING_RECORDED }),
    alerts,
    blobs,
    /** Somebody of an area, whom rights know. */
    caller(jurisdiction: string): Caller {
      const caller = callerIn(jurisdiction);
      callers.set(caller.id, caller);
      return caller;
    },
    /** Stores an alert of a plate as the desk does, with a picture, a clip, a log and a finding. */
    store: (fields: Partial<AlertRow> = {}) => storeHit({ database, blobs, nowMs: clock.nowMs() }, fields),
  };
}

export type BundleWorld = Awaited<ReturnType<typeof openBundleWorld>>;

/** An export of recordings is none of these tests'. */
const NOTHING_RECORDED = {
  recordings: { within: async () => [] },
  gaps: { within: async () => [] },
  pins: { add: async () => {} },
  readers: () => [],
  register: async () => {},
  samePersonAmong,
};

/** What writes exports. */
function writingIn(directory: string) {
  mkdirSync(directory);
  return {
    observer: quietObserver(),
    signer: new Signer(randomBytes(32)),
    directory,
    needsApproval: false,
    namesOf: async (ids: string[]) => new Map(ids.map((id) => [id, { name: `camera ${id}` }])),
    freeBytes: async () => 1024 ** 4,
  };
}

function blobsIn(directory: string, clock: ShiftedClock): LocalBlobs {
  return new LocalBlobs({
    name: 'evidence',
    directory,
    clock,
    reserveBytes: 0,
    volume: { problem: async () => null },
    freeBytes: async () => Number.POSITIVE_INFINITY,
  });
}

type World = Pick<BundleContentsDeps, 'database' | 'clock'> & { queries: AlertQueries; blobs: LocalBlobs };

function evidenceOf({
  clips,
  ...world
}: World & { clips: { bytes(id: string): Promise<Buffer | null> } }): EvidenceDesk {
  return new EvidenceDesk({
    ...world,
    database: world.database as never,
    observer: quietObserver(),
    log: alertLog(),
    opened: new Opened(),
    pictures: { camerasFor: async () => new Map(), snapshot: () => Promise.reject(new Error('none is taken')) },
    clips,
    firstNews: () => 0,
    committed: () => {},
  });
}

function readingsOf(state: BundleWorldState): BundleContentsDeps['readings'] {
  return {
    of: async () => {
      if (state.readings === 'elsewhere') return null;
      if (state.readings === 'away') throw new CitywatchError('store.unavailable');
      return (async function* () {
        yield 'time,plate\n';
        yield `2026-11-30T00:00:00Z,${MASKED}\n`;
      })();
    },
  };
}

interface StoredIn {
  database: BundleContentsDeps['database'];
  blobs: LocalBlobs;
  nowMs: number;
}

async function storeHit({ database, blobs, nowMs }: StoredIn, fields: Partial<AlertRow>) {
  const id = randomUUID();
  const key = `wanted|${id}`;
  const data = { plate: MASKED, lane: 2 };
  const sealed = sealPlates(PLATES, { plate: PLATE }, key);
  const sight = { camera: CAMERA, jurisdiction: '330203', granted: false };
  const picture: AlertEvidence = {
    id: randomUUID(),
    type: 'picture',
    ...sight,
    takenAtMs: nowMs - 1_500,
    ageMs: 1_500,
    sha256: createHash('sha256').update(STILL).digest('hex'),
  };
  const clip: AlertEvidence = {
    id: randomUUID(),
    type: 'clip',
    ...sight,
    takenAtMs: nowMs - 10_000,
    endsAtMs: nowMs + 20_000,
    sha256: createHash('sha256').update(CLIP).digest('hex'),
  };
  const times = { first_at_ms: nowMs, last_at_ms: nowMs, received_at_ms: nowMs, committed_at_ms: nowMs };
  const made = { id, dedup_key: key, rule: 'wanted', device: 'gate-1', device_at_ms: nowMs - 200, ...times };
  const alert = alertRow({ ...made, data, plates_sealed: sealed, ...fields });
  const complete = { ...alert, evidence: fields.evidence ?? [picture, clip], version: 2 };
  await blobs.put(pictureKey(id, picture.id), STILL);
  const log = alertLog();
  const common = { actor: 'citywatch', atMs: nowMs };
  await log.written(database, (tables) => log.publish(tables, [{ from: 0, type: 'alert.opened', alert, ...common }]));
  const evidence = { from: 1, type: 'alert.evidence' as const, alert: complete, ...common };
  await log.written(database, (tables) => log.publish(tables, [evidence]));
  return { id, alert: complete, picture, clip, still: STILL, film: CLIP };
}

/** Has a bundle made that was asked for, as the queue does. */
export async function madeBundle(world: BundleWorld, { id }: RecordingExport, by = world.bundles) {
  await by.handle(id);
  return await world.exports.one(id);
}
