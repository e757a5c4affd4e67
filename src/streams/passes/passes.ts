import { createHmac, randomUUID } from 'node:crypto';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { View } from '../pool/types.ts';
import type { PassInput, PassRights, StreamPass } from './pass.ts';
import { addPass, passesInForce, passesOf, prunePasses, revokePass } from './pass-table.ts';

export interface StreamPassesDeps {
  database: Database;
  clock: Clock;
  /** 32 random bytes that are kept outside the database: secrets are made of it. */
  key: Buffer;
  rights: PassRights;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const USUAL_MS = DAY_MS;
/** Longest life: whoever needs one for longer makes another. */
const LONGEST_MS = 31 * DAY_MS;
const OF_ONE_VIEWER_MAX = 200;
const KEPT_AFTERWARDS_MS = 30 * DAY_MS;

/**
 * Viewer tokens (`stream_pass`): a user name and a secret by which players without sessions show who looks, for one
 * camera or mosaic. The secret is a keyed hash of the user name, so that it can be compared by Digest and yet stands in
 * no database; and a stranger is refused without a question to one.
 */
export class StreamPasses {
  readonly #deps: StreamPassesDeps;

  constructor(deps: StreamPassesDeps) {
    this.#deps = deps;
  }

  /**
   * Makes one for the caller's own looks; the secret is answered this once. The right to look at each of `devices` is
   * checked before. Errors: `request.invalid` for an end that has passed or lies too far ahead, `conflict.state` where
   * the caller has as many as one may have.
   */
  async create(caller: Caller, input: PassInput, devices: readonly DeviceIdentity[]) {
    const { database, clock } = this.#deps;
    const atMs = clock.nowMs();
    const { expiresAtMs: wantedMs, ...rest } = input;
    const expiresAtMs = wantedMs ?? atMs + USUAL_MS;
    if (expiresAtMs <= atMs) throw invalid('expiresAt', 'must be in the future');
    if (expiresAtMs > atMs + LONGEST_MS) throw invalid('expiresAt', 'must be within 31 days');
    const viewer = viewerOf(caller);
    const id = randomUUID();
    const pass: StreamPass = { ...rest, id, viewer, createdAtMs: atMs, expiresAtMs, revokedAtMs: null };
    await database.transaction(async (tx) => {
      const own = (await passesOf(tx, viewer, atMs)).filter(({ revokedAtMs }) => revokedAtMs === null);
      if (own.length >= OF_ONE_VIEWER_MAX) {
        const detail = `You have ${OF_ONE_VIEWER_MAX} viewer tokens; revoke one, or wait until one has ended.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      await addPass(tx, pass);
      for (const { id: device, jurisdiction } of devices) {
        const { quality, use, purpose } = pass;
        const after = { id, quality, use, purpose, case: pass.case, expiresAtMs };
        await recordAudit(tx, {
          caller,
          action: 'pass.create',
          subject: `device/${device}`,
          jurisdiction,
          after,
          atMs,
        });
      }
    });
    return { pass, secret: this.#secret(id) };
  }

  /** Those of the caller that have not ended, newest first. */
  list(caller: Caller): Promise<StreamPass[]> {
    return passesOf(this.#deps.database, viewerOf(caller), this.#deps.clock.nowMs());
  }

  /** Ends what is watched by it within 10 s. Errors: `not-found` for one that is not the caller's, or has ended. */
  async revoke(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      const pass = await revokePass(tx, viewerOf(caller), { id, atMs });
      if (!pass) throw new CitywatchError('not-found');
      const { jurisdiction } = caller;
      const before = { cameras: pass.cameras, expiresAtMs: pass.expiresAtMs };
      await recordAudit(tx, { caller, action: 'pass.revoke', subject: `pass/${id}`, jurisdiction, before, atMs });
    });
  }

  /** What is proven with the user name `id`; null for a text that is none. Asks nobody. */
  secretOf(id: string): string | null {
    return ID.test(id) ? this.#secret(id) : null;
  }

  /** The look that it is for. Errors: `auth.required` where it counts no more, and those of looks. */
  async viewOf(id: string): Promise<View> {
    const { database, clock, rights } = this.#deps;
    const [pass] = await passesInForce(database, [id], clock.nowMs());
    const caller = pass && (await rights.callerOf(pass.viewer));
    if (!pass || !caller) throw new CitywatchError('auth.required');
    return rights.lookOf(caller, pass);
  }

  /** Those that still count, with what their viewers may do at this moment. Rejects where nobody can say. */
  async standing(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { database, clock, rights } = this.#deps;
    const passes = await passesInForce(database, ids, clock.nowMs());
    const callers = new Map<string, Promise<Caller | null>>();
    const standing = new Set<string>();
    for (const pass of passes) {
      const { type, id } = pass.viewer;
      const asked = callers.get(`${type}:${id}`) ?? rights.callerOf(pass.viewer);
      callers.set(`${type}:${id}`, asked);
      const caller = await asked;
      if (caller && this.#mayLook(caller, pass)) standing.add(pass.id);
    }
    return standing;
  }

  /** Removes what ended long ago. */
  async prune(nowMs: number): Promise<void> {
    await prunePasses(this.#deps.database, nowMs - KEPT_AFTERWARDS_MS);
  }

  #mayLook(caller: Caller, pass: StreamPass): boolean {
    try {
      this.#deps.rights.lookOf(caller, pass);
      return true;
    } catch (error) {
      if (error instanceof CitywatchError && !error.retryable) return false;
      throw error;
    }
  }

  #secret(id: string): string {
    return createHmac('sha256', this.#deps.key).update(`stream pass ${id}`).digest('base64url');
  }
}

function viewerOf({ type, id, name }: Caller): View['viewer'] {
  return { type, id, name };
}
