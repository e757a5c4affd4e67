import { RULES_READER } from '../../alerts/rules/cursors.ts';
import type { Check, HealthDeps, PartCheck } from '../../api/health.ts';
import { CitywatchError } from '../../core/errors.ts';
import { together } from '../../core/setup/together.ts';
import type { OpenUplink } from '../../ingest/uplinks/uplinks.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';

/** What each part is asked. */
export interface HealthParts {
  database: { ping(): Promise<void> };
  doorbell: { up(): boolean };
  store: { ping(): Promise<unknown> };
  writer: { status(): { ok: boolean; reason: string | null } };
  uplinks: readonly OpenUplink[];
  /** `notes`: what somebody should know although video is well. */
  streams: { readonly spawnerDown: boolean; notes(): string[] };
  intake: { full(): boolean };
  lease: { held(): boolean };
  /** Which of those readers do not move; null where none is. */
  board: { stuck(isMeant: (name: string) => boolean): string | null };
  /** What is wrong with rule files; null where nothing is. */
  ruleFiles: { problem(): string | null };
  disks: { check(): string | undefined };
  /** What is wrong with parts that we go on without. */
  remarks: { check(part: string): void };
  /** The directories of pictures, evidence and recordings. */
  blobs: Pick<Blobs, 'problem'>[];
  /** `notes`: what somebody should know although every camera is recorded. */
  recordings: { notes(): string[] };
}

type Checks = HealthDeps['checks'];

/**
 * How each part is asked whether it is well, and whether the gateway is ready without it. Throws a RangeError where an
 * uplink has the name of another part.
 */
export function healthChecks(parts: HealthParts): Checks {
  const { database, doorbell, store, writer, uplinks, streams, intake, disks, remarks, board } = parts;
  const { ruleFiles, blobs, recordings, lease } = parts;
  const needed = (check: Check) => ({ needed: true, check });
  const useful = (check: Check) => ({ needed: false, check });
  const ways = uplinks.map(({ uplink, needed }) => [uplink.name, { needed, check: () => refuseIfDeaf(uplink) }]);
  return together('parts of /readyz', Object.fromEntries(ways) as Record<string, PartCheck>, {
    postgres: needed(() => database.ping()),
    redis: useful(() => {
      remarks.check('redis');
      refuseUnless(doorbell.up(), 'no connection; alerts go on without it');
    }),
    influx: useful(async () => {
      remarks.check('influx');
      await store.ping();
      const { ok, reason } = writer.status();
      refuseUnless(ok, reason ?? '');
    }),
    ffmpeg: useful(() => {
      remarks.check('ffmpeg');
      refuseUnless(!streams.spawnerDown, 'spawner is down');
      return streams.notes().join(' ') || null;
    }),
    pictures: useful(async () => {
      const problems = await Promise.all(blobs.map((store) => store.problem()));
      const found = problems.filter((problem) => problem !== null);
      refuseIf(found.join(' ') || null);
      return recordings.notes().join(' ') || null;
    }),
    journal: needed(() => {
      refuseUnless(lease.held(), 'PostgreSQL does not confirm the lease of this gateway: nothing is acked');
      refuseUnless(!intake.full(), 'the disk is nearly full: nothing is acked');
    }),
    // While the rules hang nothing is judged; what other readers do comes late and is not lost.
    rules: needed(() => {
      refuseIf(board.stuck((name) => name === RULES_READER));
      return ruleFiles.problem();
    }),
    readers: useful(() => refuseIf(board.stuck((name) => name !== RULES_READER))),
    disk: useful(() => disks.check()),
  });
}

function refuseIfDeaf(uplink: OpenUplink['uplink']): void {
  const { ok, reason } = uplink.status();
  refuseUnless(ok, reason ?? 'no messages come in');
}

function refuseIf(reason: string | null): void {
  refuseUnless(reason === null, reason ?? '');
}

function refuseUnless(well: boolean, reason: string): void {
  if (!well) throw new CitywatchError('store.unavailable', { detail: reason });
}
