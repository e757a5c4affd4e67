import { MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { COUNTRY, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../../platform/secrets/hasher.ts';
import { replaceSecret } from '../doors/secret-overlaps.ts';
import { lockState } from '../life/life-steps.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { newCode, plainCode } from './code.ts';

export interface ClaimsDeps extends DirectorySyncDeps {
  hasher: Pick<SecretHasher, 'hash' | 'matches'>;
}

/** A window in which a device may fetch its secret. */
export interface ClaimWindow {
  device: DeviceId;
  openedMs: number;
  untilMs: number;
  by: string;
  /** `ended`: nobody came in time, or too many wrong codes did. */
  state: 'open' | 'used' | 'closed' | 'ended';
  /** When the device came. */
  usedMs: number | null;
  /** Wrong codes that may still come. */
  triesLeft: number;
}

/** Table of migration 0232; what each column means stands there. */
interface ClaimTables extends RegistryTables {
  device_claim: {
    device: string;
    code_hash: Buffer;
    opened_ms: number;
    until_ms: number;
    by_name: string;
    wrong: number;
    used_ms: number | null;
    closed_ms: number | null;
  };
}

type Row = ClaimTables['device_claim'];

const WRONG_MAX = 5;
const BARRED = 'No claim of this device is open with this code: it is wrong, used or too late. Have a new one opened.';

/**
 * How a device comes to its secret in the field: somebody who may change credentials opens a window and gets a code to
 * say; who stands there sends the id off the label and the code, once and in time, and is answered the secret. So no
 * secret is written on a label or sent in a message beforehand.
 */
export class Claims {
  readonly #deps: ClaimsDeps;
  readonly #sync: DirectorySync;

  constructor(deps: ClaimsDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /** Opens a window in place of one before; the code is told this once. Errors: `not-found`, `conflict.state`. */
  async open(caller: Caller, device: DeviceId, minutes: number): Promise<{ window: ClaimWindow; code: string }> {
    const { database, clock, hasher } = this.#deps;
    const code = newCode();
    const openedMs = clock.nowMs();
    const row: Row = {
      device,
      code_hash: hasher.hash(plainCode(code)),
      opened_ms: openedMs,
      until_ms: openedMs + minutes * MINUTE_MS,
      by_name: caller.name,
      wrong: 0,
      used_ms: null,
      closed_ms: null,
    };
    await database.transaction(async (tx) => {
      const state = await lockState(tx, ownArea(caller), device);
      if (state === 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is retired.' });
      const claims = tx.tables<ClaimTables>().insertInto('device_claim').values(row);
      await claims.onConflict((same) => same.column('device').doUpdateSet(row)).execute();
      await this.#audit(tx, caller, device, { action: 'device.claim-open', after: { untilMs: row.until_ms } });
    });
    return { window: this.#shown(row), code };
  }

  /** Ends a window before its time. Errors: `not-found`, `conflict.state` where none is open. */
  async close(caller: Caller, device: DeviceId): Promise<ClaimWindow> {
    const { database, clock } = this.#deps;
    return await database.transaction(async (tx) => {
      await lockState(tx, ownArea(caller), device);
      const row = await rowOf(tx, device);
      if (!row || this.#shown(row).state !== 'open') {
        throw new CitywatchError('conflict.state', { detail: 'No claim of this device is open.' });
      }
      const closed = { ...row, closed_ms: clock.nowMs() };
      await write(tx, closed);
      await this.#audit(tx, caller, device, { action: 'device.claim-close', after: null });
      return this.#shown(closed);
    });
  }

  /** The newest window of a device; null where there was none. The right to see the device is checked before. */
  async get(device: DeviceId): Promise<ClaimWindow | null> {
    const row = await rowOf(this.#deps.database, device);
    return row ? this.#shown(row) : null;
  }

  /**
   * Takes what a window is open for: a new secret of the device; the one before is void. Whoever calls has shown
   * nothing but the code. Errors: `auth.required`, alike for a wrong code, an unknown device, a window that is over.
   */
  async take(device: DeviceId, said: string): Promise<{ secret: string }> {
    const { clock, hasher } = this.#deps;
    const secret = newSecret();
    const taken = await this.#sync.commitAll([device], async (tx) => {
      const row = await openRow(tx, device);
      if (!row || this.#shown(row).state !== 'open') return { changed: [], result: false };
      if (!hasher.matches(plainCode(said), row.code_hash)) {
        // Written down, and told after the commit.
        await write(tx, { ...row, wrong: row.wrong + 1 });
        return { changed: [], result: false };
      }
      await write(tx, { ...row, used_ms: clock.nowMs() });
      const changed = await this.#giveSecret(tx, { device, secret, openedBy: row.by_name });
      return { changed: [{ device: changed }], result: true };
    });
    if (!taken) throw new CitywatchError('auth.required', { detail: BARRED });
    return { secret };
  }

  async #giveSecret(tx: Tables, { device, secret, openedBy }: { device: DeviceId; secret: string; openedBy: string }) {
    const { clock, hasher } = this.#deps;
    const before = await findDevice(tx, COUNTRY, device);
    if (!before) throw new CitywatchError('not-found');
    const db = tx.tables<ClaimTables>();
    await replaceSecret(tx, clock, { device, secretHash: hasher.hash(secret), overlapMs: 0 });
    const atMs = clock.nowMs();
    const change = { version: before.version + 1, updated_at_ms: atMs };
    await db.updateTable('position').set(change).where('id', '=', device).execute();
    const { jurisdiction } = before;
    const caller: Caller = { type: 'device', id: device, name: device, role: 'device', jurisdiction, purpose: null };
    const after = { openedBy, version: change.version };
    const subject = `device/${device}`;
    await recordAudit(tx, { caller, action: 'device.claim', subject, jurisdiction, after, atMs });
    return { ...before, version: change.version, updatedAtMs: atMs };
  }

  async #audit(tx: Tables, caller: Caller, device: DeviceId, { action, after }: { action: string; after: unknown }) {
    const found = await findDevice(tx, ownArea(caller), device);
    if (!found) throw new CitywatchError('not-found');
    const { jurisdiction } = found;
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, { caller, action, subject: `device/${device}`, jurisdiction, after, atMs });
  }

  #shown({ device, opened_ms, until_ms, by_name: by, wrong, used_ms, closed_ms }: Row): ClaimWindow {
    const isOver = wrong >= WRONG_MAX || until_ms <= this.#deps.clock.nowMs();
    const state = used_ms !== null ? 'used' : closed_ms !== null ? 'closed' : isOver ? 'ended' : 'open';
    return {
      device,
      openedMs: opened_ms,
      untilMs: until_ms,
      by,
      state,
      usedMs: used_ms,
      triesLeft: Math.max(0, WRONG_MAX - wrong),
    };
  }
}

async function rowOf(tx: Tables, device: DeviceId): Promise<Row | undefined> {
  const rows = tx.tables<ClaimTables>().selectFrom('device_claim').selectAll();
  return await rows.where('device', '=', device).executeTakeFirst();
}

/** Locked, with its position before it, as whoever opens one locks them; none of a device that is retired. */
async function openRow(tx: Tables, device: DeviceId): Promise<Row | undefined> {
  const db = tx.tables<ClaimTables>();
  const position = db.selectFrom('position').select('state').where('id', '=', device).forUpdate();
  const state = (await position.executeTakeFirst())?.state;
  return state === undefined || state === 'retired' ? undefined : await rowOf(tx, device);
}

async function write(tx: Tables, { device, ...row }: Row): Promise<void> {
  await tx.tables<ClaimTables>().updateTable('device_claim').set(row).where('device', '=', device).execute();
}
