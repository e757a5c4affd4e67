import { type Clock, DAY_MS, HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { recordAudits } from '../../platform/records/audit.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import type { ExportActor, RecordingExport } from './export.ts';
import { countExports, type ExportOf } from './export-table.ts';

/** Work on exports of recordings, and on bundles of alerts; the key is the id. */
export const EXPORTS_QUEUE = 'recording-exports';
export const BUNDLES_QUEUE = 'alert-bundles';
/** How long the copy of an export is kept. */
export const KEPT_MS = 72 * HOUR_MS;
/** For so long what it is made of is kept for it, whatever its class says. */
export const PINNED_MS = 14 * DAY_MS;
/** Left free for what is recorded. */
const RESERVE_BYTES = 4 * 1024 ** 3;

/** Errors: `conflict.state` while `max` of its sort wait for approval or are being made. */
export async function refuseTooMany(tables: Tables, of: ExportOf, max: number): Promise<void> {
  if ((await countExports(tables, of, ['asked', 'copying'])) < max) return;
  throw new CitywatchError('conflict.state', { detail: `${max} exports are under way: wait for one.` });
}

/** Bytes that exports may still take of their disk; below 0 where it has less than is left free. */
export async function roomFor(of: {
  directory: string;
  freeBytes(directory: string): Promise<number>;
}): Promise<number> {
  return (await of.freeBytes(of.directory)) - RESERVE_BYTES;
}

/** Has an export made that nobody has to approve any more. */
export async function beginExport(tx: Tables, clock: Clock, { id, bundle }: RecordingExport): Promise<void> {
  await enqueueWork(tx, clock, [{ queue: bundle ? BUNDLES_QUEUE : EXPORTS_QUEUE, key: id }]);
}

interface ExportStep {
  caller: Caller;
  made: RecordingExport;
  /** Absent where it is asked for. */
  step?: 'approve' | 'remove' | 'failed';
  atMs: number;
}

/** Enters a step into the audit trail: for each camera of recordings, or for the alert of a bundle. */
export async function auditExport(tx: Tables, { caller, made, step, atMs }: ExportStep): Promise<void> {
  const { id, purpose, quality, bundle } = made;
  const action = `${bundle ? 'alert.bundle' : 'recording.export'}${step === undefined ? '' : `-${step}`}`;
  const common = { caller, action, before: null, atMs };
  if (bundle) {
    const after = { id, purpose, case: made.case, plates: bundle.plates };
    const { alert, jurisdiction } = bundle;
    await recordAudits(tx, [{ ...common, subject: `alert/${alert}`, jurisdiction, after }]);
    return;
  }
  const [from, to] = [made.fromMs, made.toMs].map(toRfc3339);
  const after = { id, from, to, quality, purpose, case: made.case };
  const entries = made.cameras.map((camera) => ({
    ...common,
    subject: `device/${camera.id}`,
    jurisdiction: camera.jurisdiction,
    after,
  }));
  await recordAudits(tx, entries);
}

/** Who did something, as the row of an export has it. */
export function actorOf({ type, id, name }: Caller): ExportActor {
  return { type, id, name };
}
