import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { type Clock, HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { View } from '../pool/types.ts';
import { type Linked, type LinkInput, type LinkRights, networkOf, type StreamLink } from './link.ts';
import { addLink, endLink, keepLink, linkInForce, linksOf, pruneLinks } from './link-table.ts';

export interface StreamLinksDeps {
  database: Database;
  clock: Clock;
  /** 32 random bytes that are kept outside the database: secrets are made of it. */
  key: Buffer;
  rights: LinkRights;
}

/** Id, and the secret that proves it: 256 bits as base64url. */
const TOKEN = /^([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;
/** It must be opened within this time, and asked for again: what stands in a list somewhere is dead by then. */
const OPEN_MS = 5 * MINUTE_MS;
/** Its end is put off when so much of that time has passed. */
const PUT_OFF_MS = MINUTE_MS;
const USUAL_MS = 12 * HOUR_MS;
const OF_ONE_VIEWER_MAX = 200;
/** What was asked of the database counts for so long: a right that is withdrawn ends what is shown within 10 s. */
const KNOWN_MS = 4_000;
/** While PostgreSQL does not answer, whoever watches goes on for so long. */
const TRUSTED_MS = 50_000;
const KNOWN_MAX = 10_000;
const KEPT_AFTERWARDS_MS = 24 * HOUR_MS;

interface Known {
  link: StreamLink;
  caller: Caller;
  atMs: number;
}

/**
 * Links to live video (`stream_link`), for players that have no session and can send no header: the address itself says
 * who looks. So it is for one camera or mosaic, of one viewer, from one network; it dies five minutes after it was
 * made or watched last, with the login that it was made in, and with the right to look.
 */
export class StreamLinks {
  readonly #deps: StreamLinksDeps;
  readonly #known = new BoundedMap<string, Known>(KNOWN_MAX);
  readonly #asking = new JoinedByKey<string, Known | null>();

  constructor(deps: StreamLinksDeps) {
    this.#deps = deps;
  }

  /**
   * Makes one for the caller's own looks; the token is answered this once. The right to look at each of `devices` is
   * checked before. Errors: `request.invalid` for an end that has passed or lies too far ahead, `conflict.state` where
   * the caller has as many as one may have.
   */
  async create(caller: Caller, { endsAtMs: wantedMs, ...input }: LinkInput, devices: readonly DeviceIdentity[]) {
    const { database, clock } = this.#deps;
    const atMs = clock.nowMs();
    const endsAtMs = wantedMs ?? atMs + USUAL_MS;
    if (endsAtMs <= atMs) throw invalid('endsAt', 'must be in the future');
    if (endsAtMs > atMs + USUAL_MS) throw invalid('endsAt', 'must be within 12 hours');
    const viewer = viewerOf(caller);
    const id = randomUUID();
    const openUntilMs = Math.min(endsAtMs, atMs + OPEN_MS);
    const link: StreamLink = { ...input, id, viewer, createdAtMs: atMs, openUntilMs, endsAtMs, network: null };
    await database.transaction(async (tx) => {
      if ((await linksOf(tx, viewer, atMs)).length >= OF_ONE_VIEWER_MAX) {
        const detail = `You have ${OF_ONE_VIEWER_MAX} links that count; revoke one, or wait until one has ended.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      await addLink(tx, link);
      const { quality, use, purpose, case: caseNumber } = link;
      for (const { id: device, jurisdiction } of devices) {
        const after = { id, quality, use, purpose, case: caseNumber, endsAtMs };
        const subject = `device/${device}`;
        await recordAudit(tx, { caller, action: 'link.create', subject, jurisdiction, after, atMs });
      }
    });
    return { link, token: `${id}.${this.#secret(id)}` };
  }

  /** Those of the caller that count, newest first. */
  list(caller: Caller): Promise<StreamLink[]> {
    return linksOf(this.#deps.database, viewerOf(caller), this.#deps.clock.nowMs());
  }

  /** Ends what is watched by it within 10 s. Errors: `not-found` for one that is not the caller's, or has ended. */
  async revoke(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      const link = await endLink(tx, viewerOf(caller), { id, atMs });
      if (!link) throw new CitywatchError('not-found');
      const { jurisdiction } = caller;
      const before = { cameras: link.cameras, endsAtMs: link.endsAtMs };
      await recordAudit(tx, { caller, action: 'link.revoke', subject: `link/${id}`, jurisdiction, before, atMs });
    });
    this.#known.delete(id);
  }

  /**
   * Who comes with a token from an address, and what they look at; null where it counts no more, or never did. A
   * stranger is refused without a question to the database. Errors: `store.unavailable`, and those of looks.
   */
  async look(token: string, address: string): Promise<Linked | null> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (!id || !secret || !timingSafeEqual(Buffer.from(secret), Buffer.from(this.#secret(id)))) return null;
    const network = networkOf(address);
    const known = await this.#inForce(id, network);
    if (!known || known.link.network !== network || known.link.openUntilMs <= this.#deps.clock.nowMs()) return null;
    const view = this.#deps.rights.lookOf(known.caller, known.link);
    return { caller: known.caller, view: { ...view, link: token } };
  }

  /** Removes what ended long ago. */
  async prune(nowMs: number): Promise<void> {
    await pruneLinks(this.#deps.database, nowMs - KEPT_AFTERWARDS_MS);
  }

  async #inForce(id: string, network: string): Promise<Known | null> {
    const known = this.#known.get(id);
    const ageMs = known ? this.#deps.clock.monotonicMs() - known.atMs : Number.POSITIVE_INFINITY;
    if (known && ageMs < KNOWN_MS) return known;
    try {
      const found = await this.#asking.run(id, () => this.#ask(id, network));
      if (found) this.#known.set(id, found);
      else this.#known.delete(id);
      return found;
    } catch (error) {
      if (known && ageMs < TRUSTED_MS && error instanceof CitywatchError && error.retryable) return known;
      throw error;
    }
  }

  async #ask(id: string, network: string): Promise<Known | null> {
    const { database, clock, rights } = this.#deps;
    const atMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    const found = await linkInForce(database, id, nowMs);
    if (!found || (found.network !== null && found.network !== network)) return null;
    const [caller, isOpen] = await Promise.all([
      rights.callerOf(found.viewer),
      found.session === null || rights.isOpen(found.session),
    ]);
    if (!caller || !isOpen) return null;
    const openUntilMs = Math.min(found.endsAtMs, nowMs + OPEN_MS);
    const isDue = found.network === null || openUntilMs - found.openUntilMs > PUT_OFF_MS;
    const link = isDue ? await keepLink(database, { id, openUntilMs }, { network, nowMs }) : found;
    return link && { link, caller, atMs };
  }

  /** Another text than that of viewer tokens: neither opens what the other does. */
  #secret(id: string): string {
    return createHmac('sha256', this.#deps.key).update(`stream link ${id}`).digest('base64url');
  }
}

function viewerOf({ type, id, name }: Caller): View['viewer'] {
  return { type, id, name };
}
