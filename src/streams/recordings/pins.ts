import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';

/** What is to be kept, and why. Times are Unix ms. */
export interface PinInput {
  fromMs: number;
  toMs: number;
  reason: string;
  case: string | null;
  /** Until then; later the class says again how long. */
  untilMs: number;
}

export interface Pin extends PinInput {
  id: string;
  by: string;
  createdAtMs: number;
}

interface PinTables {
  recording_pin: {
    id: string;
    device: string;
    from_ms: number;
    to_ms: number;
    reason: string;
    case_number: string | null;
    until_ms: number;
    by_name: string;
    created_at_ms: number;
  };
}

/** A pin as it was just made. */
export interface MadePin extends Pin {
  /** Files of its time that were being removed already, as past their days: the pin does not keep them. */
  leaving: number;
}

export interface PinsDeps {
  database: Database;
  clock: Clock;
}

const SPAN_MAX_MS = 7 * DAY_MS;
const UNTIL_MAX_MS = 3_650 * DAY_MS;
/** Of one camera that hold at the same time. */
const PINS_MAX = 100;
const LISTED_MAX = 200;
/**
 * Pins share this advisory lock while they are made, and who chooses files to remove has it for itself. Any number
 * does, as long as nobody else takes the same.
 */
export const PINS_LOCK = 6_104_220_328;

/** Times of cameras whose recordings are kept for a case. The caller's right to the camera is checked before. */
export class Pins {
  readonly #deps: PinsDeps;

  constructor(deps: PinsDeps) {
    this.#deps = deps;
  }

  /** Pins of a camera, the oldest time first: all that hold, and those whose end came last. */
  async of(device: DeviceId): Promise<Pin[]> {
    const query = this.#deps.database.tables<PinTables>().selectFrom('recording_pin').selectAll();
    const rows = await query.where('device', '=', device).orderBy('until_ms', 'desc').limit(LISTED_MAX).execute();
    return rows.map(shown).sort((one, other) => one.fromMs - other.fromMs || (one.id < other.id ? -1 : 1));
  }

  /**
   * Each file of its time stays from now on, or is counted as leaving. Errors: `request.invalid` for a time or an end
   * that is too long, or one pin too many.
   */
  async add(caller: Caller, { id: device, jurisdiction }: DeviceIdentity, pin: PinInput): Promise<MadePin> {
    const atMs = this.#deps.clock.nowMs();
    const { fromMs, toMs, untilMs, reason } = pin;
    if (toMs - fromMs > SPAN_MAX_MS) throw invalid('to', 'is too late: pin seven days at most at once');
    if (untilMs <= atMs || untilMs - atMs > UNTIL_MAX_MS) throw invalid('until', 'must lie within the next ten years');
    const made: Pin = { id: randomUUID(), by: caller.name, createdAtMs: atMs, ...pin };
    return await this.#deps.database.transaction(async (tx) => {
      const db = tx.tables<PinTables>();
      await sql`select pg_advisory_xact_lock_shared(${sql.lit(PINS_LOCK)})`.execute(db);
      // Two at once may be one too many by one, and no more.
      const held = db.selectFrom('recording_pin').select('id').where('device', '=', device);
      const stood = await held.where('until_ms', '>', atMs).execute();
      if (stood.length >= PINS_MAX) throw invalid('from', `a camera has ${PINS_MAX} pins at most: delete one`);
      await db
        .insertInto('recording_pin')
        .values({
          id: made.id,
          device,
          from_ms: fromMs,
          to_ms: toMs,
          reason,
          case_number: pin.case,
          until_ms: untilMs,
          by_name: caller.name,
          created_at_ms: atMs,
        })
        .execute();
      const subject = `device/${device}`;
      await recordAudit(tx, {
        caller,
        action: 'recording.pin',
        subject,
        jurisdiction,
        before: null,
        after: made,
        atMs,
      });
      return { ...made, leaving: await leavingOf(tx, device, made) };
    });
  }

  /** Errors: `not-found`. */
  async remove(caller: Caller, { id: device, jurisdiction }: DeviceIdentity, id: string): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    await this.#deps.database.transaction(async (tx) => {
      const gone = await tx
        .tables<PinTables>()
        .deleteFrom('recording_pin')
        .where('id', '=', id)
        .where('device', '=', device)
        .returningAll()
        .executeTakeFirst();
      if (!gone) throw new CitywatchError('not-found');
      const subject = `device/${device}`;
      const before = shown(gone);
      await recordAudit(tx, { caller, action: 'recording.unpin', subject, jurisdiction, before, after: null, atMs });
    });
  }
}

/** Whether a row of `recording` is pinned at a moment. */
export function isPinned(atMs: number): RawBuilder<boolean> {
  return sql<boolean>`exists (select from recording_pin where recording_pin.device = recording.device
    and recording_pin.from_ms < recording.ends_at_ms and recording_pin.to_ms > recording.starts_at_ms
    and recording_pin.until_ms > ${Math.floor(atMs)}::bigint)`;
}

/** How many files that are removed now, or just were and are not forgotten yet, lie in the time of a pin. */
async function leavingOf(tx: Tables, device: DeviceId, { fromMs, toMs }: PinInput): Promise<number> {
  const { rows } = await sql<{ files: number }>`
    select count(*)::int as files
    from recording_leaving join recording using (device, quality, starts_at_ms, lease_epoch)
    where device = ${device} and recording_leaving.starts_at_ms < ${Math.ceil(toMs)}::bigint
      and recording_leaving.ends_at_ms > ${Math.floor(fromMs)}::bigint`.execute(tx.tables());
  return rows[0]!.files;
}

function shown(row: PinTables['recording_pin']): Pin {
  const { id, reason, case_number: caseNumber, by_name: by } = row;
  const [fromMs, toMs, untilMs] = [Number(row.from_ms), Number(row.to_ms), Number(row.until_ms)];
  return { id, fromMs, toMs, reason, case: caseNumber, untilMs, by, createdAtMs: Number(row.created_at_ms) };
}
