import { randomUUID } from 'node:crypto';
import { DAY_MS, deadline } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, jsonb, sql } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import { DiscoveryList, type DiscoveryStatus, discoveryOf } from './discovery-list.ts';
import type { Finding } from './finding.ts';
import { addressesOf } from './ranges.ts';
import { SEARCH_LIMITS, Search, type SearchDeps } from './search.ts';
import { type DiscoveryRow, type DiscoveryTables, noteFound } from './tables.ts';

export const DISCOVERY_QUEUE = 'discoveries';

/** Discoveries are kept so long. */
const KEPT_MS = 30 * DAY_MS;
/** One turn of the worker ends by then, whatever answers: its claim is worth a minute. */
const TURN_MAX_MS = 55_000;
/** After so long a turn asks no further addresses. */
const TURN_MS = 15_000;
/** Whoever is being asked when a turn is over has so long to answer. */
const REST_MS = 10_000;
/** Addresses of a sweep between two notes of how far it is. */
const ADDRESSES_AT_ONCE = 16;
/** Discoveries of an area that wait or go on. */
const OPEN_MAX = 10;

export interface DiscoveriesDeps extends SearchDeps {
  database: Database;
  /** After a commit: there is work in this queue. */
  ring(queue: string): void;
}

export interface DiscoveryInput {
  /** Ask all cameras of the own links. */
  multicast: boolean;
  /** How long is listened then. */
  listenMs: number;
  /** Ask these addresses one by one; null for none. */
  sweep: { cidr: string; ports: number[] } | null;
}

/** Looks for cameras on the network, as jobs that outlive their process. Registers nothing. */
export class Discoveries {
  /** What was found. */
  readonly list: DiscoveryList;
  readonly #deps: DiscoveriesDeps;
  readonly #running = new Map<string, AbortController>();

  constructor(deps: DiscoveriesDeps) {
    this.#deps = deps;
    this.list = new DiscoveryList(deps.database);
  }

  /**
   * Begins to look; the work is done after this. Errors: `request.invalid` for a range that is too large or beyond the
   * camera networks, `request.rate` while the area has too many that go on.
   */
  async start(caller: Caller, { multicast, listenMs, sweep }: DiscoveryInput): Promise<DiscoveryStatus> {
    const { database, clock, onvif, ring } = this.#deps;
    if (!multicast && !sweep) throw invalid('sweep', 'send `sweep`, or leave `multicast` on');
    const addresses = sweep ? addressesOf(sweep.cidr, onvif.networks) : [];
    const id = randomUUID();
    const { jurisdiction } = caller;
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      const db = tx.tables<DiscoveryTables>();
      const open = db.selectFrom('discovery').select('id').where('jurisdiction', '=', jurisdiction);
      const going = await open.where('ended_at_ms', 'is', null).limit(OPEN_MAX).execute();
      if (going.length >= OPEN_MAX) {
        throw new CitywatchError('request.rate', { retryAfterS: 60, detail: `${OPEN_MAX} discoveries go on already.` });
      }
      const row = db.insertInto('discovery').values({
        id,
        caller: jsonb(caller),
        jurisdiction,
        state: 'waiting',
        multicast,
        listen_ms: listenMs,
        cidr: sweep?.cidr ?? null,
        ports: sweep?.ports ?? [],
        address_count: addresses.length,
        interfaces: null,
        created_at_ms: atMs,
        ended_at_ms: null,
      });
      await row.execute();
      await enqueueWork(tx, clock, [{ queue: DISCOVERY_QUEUE, key: id }]);
      const after = { multicast, listenMs, sweep };
      await recordAudit(tx, {
        caller,
        action: 'discovery.start',
        subject: `discovery/${id}`,
        jurisdiction,
        after,
        atMs,
      });
    });
    ring(DISCOVERY_QUEUE);
    return await this.list.get(caller, id);
  }

  /** Ends one that goes on; what it found stays. Errors: `not-found`, `conflict.state` for one that is over. */
  async cancel(caller: Caller, id: string): Promise<DiscoveryStatus> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const { state, jurisdiction } = await discoveryOf(tx, caller, id, 'lock');
      if (state === 'done' || state === 'cancelled') {
        throw new CitywatchError('conflict.state', { detail: `This discovery is over (${state}).` });
      }
      const atMs = clock.nowMs();
      const change = { state: 'cancelled' as const, ended_at_ms: atMs };
      await tx.tables<DiscoveryTables>().updateTable('discovery').set(change).where('id', '=', id).execute();
      await recordAudit(tx, { caller, action: 'discovery.cancel', subject: `discovery/${id}`, jurisdiction, atMs });
    });
    this.#running.get(id)?.abort(CANCELLED);
    return await this.list.get(caller, id);
  }

  /** Handler of the queue `discoveries`; the key is the discovery's id. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    const { database, clock } = this.#deps;
    const rows = database.tables<DiscoveryTables>();
    const row = await rows.selectFrom('discovery').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return DONE;
    if (row.ended_at_ms !== null) {
      const endMs = row.ended_at_ms + KEPT_MS;
      if (clock.nowMs() < endMs) return { again: { atMs: endMs } };
      await rows.deleteFrom('discovery').where('id', '=', id).execute();
      return DONE;
    }
    const turn = deadline(clock, TURN_MAX_MS, signal);
    const controller = new AbortController();
    turn.signal.addEventListener('abort', () => controller.abort(turn.signal.reason), { once: true });
    this.#running.set(id, controller);
    try {
      await this.#turn(row, controller.signal);
    } finally {
      this.#running.delete(id);
      turn.cancel();
    }
    // At once: a rest of the sweep is the next turn, and the end says when it is forgotten.
    return { again: { atMs: clock.nowMs() } };
  }

  async #turn(row: DiscoveryRow, signal: AbortSignal): Promise<void> {
    const found = new Map<string, Finding>();
    const search = await Search.open(this.#deps, (finding) => void found.set(finding.door, finding), signal);
    const before = { dropped: row.dropped, malformed: row.malformed };
    const note = async (change: Partial<DiscoveryRow>): Promise<boolean> => {
      const findings = [...found.values()];
      found.clear();
      const { dropped, malformed } = search.counts;
      return await this.#note(row.id, {
        findings,
        change: {
          state: 'running',
          dropped: before.dropped + dropped,
          malformed: before.malformed + malformed,
          ...change,
        },
      });
    };
    try {
      if (row.multicast && !row.probed) {
        await note({ interfaces: search.interfaces });
        await search.probe(row.listen_ms);
        await search.settled(REST_MS);
        // One that was stopped half way asks again in its next life.
        if (signal.aborted || !(await note({ probed: true })) || row.address_count > 0) return;
      }
      const at = await this.#sweep(row, { search, signal, note });
      if (at < row.address_count || signal.aborted) return;
      await search.settled(REST_MS);
      if (await note({ next_address: at })) await this.#end(row);
    } finally {
      await search.close();
    }
  }

  /** Asks address after address until the turn is over; resolves with the first one that was not asked. */
  async #sweep(
    row: DiscoveryRow,
    {
      search,
      signal,
      note,
    }: { search: Search; signal: AbortSignal; note: (change: Partial<DiscoveryRow>) => Promise<boolean> },
  ): Promise<number> {
    const { clock, onvif } = this.#deps;
    const addresses = row.cidr === null ? [] : addressesOf(row.cidr, onvif.networks);
    const endMs = clock.monotonicMs() + TURN_MS;
    let at = row.next_address;
    while (at < addresses.length && !signal.aborted && clock.monotonicMs() < endMs) {
      const some = addresses.slice(at, at + ADDRESSES_AT_ONCE);
      const asked: Promise<void>[] = [];
      for (const address of some) {
        asked.push(search.ask(address, row.ports));
        await clock.sleep(1_000 / SEARCH_LIMITS.perSecond, signal);
      }
      await Promise.all(asked);
      if (signal.aborted) break;
      at += some.length;
      if (!(await note({ next_address: at }))) break;
    }
    return at;
  }

  /** Whether it still goes on: nothing is noted of one that was cancelled meanwhile. */
  async #note(
    id: string,
    { findings, change }: { findings: readonly Finding[]; change: Partial<DiscoveryRow> },
  ): Promise<boolean> {
    const { database, clock } = this.#deps;
    return await database.transaction(async (tx) => {
      const { caller: _, ...set } = change;
      const update = tx.tables<DiscoveryTables>().updateTable('discovery').set(set).where('id', '=', id);
      const going = await update.where('ended_at_ms', 'is', null).returning('id').executeTakeFirst();
      if (going) await noteFound(tx, { id, findings, atMs: clock.nowMs() });
      return going !== undefined;
    });
  }

  async #end({ id, caller, jurisdiction }: DiscoveryRow): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const atMs = clock.nowMs();
      const update = tx.tables<DiscoveryTables>().updateTable('discovery').set({ state: 'done', ended_at_ms: atMs });
      const over = update.where('id', '=', id).where('ended_at_ms', 'is', null).returning('id');
      if (!(await over.executeTakeFirst())) return;
      const counted = await sql<{ found: number }>`
        select count(*)::int as found from discovery_found where discovery = ${id}`.execute(tx.tables());
      const after = { found: counted.rows[0]?.found ?? 0 };
      await recordAudit(tx, { caller, action: 'discovery.end', subject: `discovery/${id}`, jurisdiction, after, atMs });
    });
  }
}

const CANCELLED = new Error('the discovery was cancelled');
