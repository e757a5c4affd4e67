import type { Clock } from '../../../core/clock.ts';
import { covers, type Tree } from '../../../core/jurisdiction.ts';
import { InTurn } from '../../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../../core/observe.ts';
import { hashPlate, normalizePlate } from '../../../core/plates.ts';
import { type Database, sql } from '../../../platform/database/database.ts';
import { CONFIRMING_DESK } from '../../desk/log/audience.ts';
import type { PlateSeen, Watch, WatchHit } from '../../rules/conditions/condition.ts';
import { type Order, orderIsOver } from '../order.ts';
import { orderOf, type WatchlistRow, type WatchlistTables } from '../tables.ts';
import { hasUnread, isContradicted, knownColour, mayBeSame, plateKey, readingsOf } from './plate-forms.ts';
import { type FoundEntry, PlateBlock, PlateIndex, type StoredEntry } from './plate-index.ts';

export interface WatchedPlatesDeps {
  database: Database;
  clock: Pick<Clock, 'nowMs'>;
  observer?: Observer;
  /** Key of the plate hashes, 32 bytes: without it the stored list tells nobody which plates are wanted. */
  key: Buffer;
  tree: Tree;
}

/** A list in force, as far as a hit needs it. */
interface WatchedList {
  row: WatchlistRow;
  order: Order;
}

/** Below this, a read is shown to who confirms reads before it is anything to others. */
const CONFIDENCE_MIN = 0.8;
/** A passage that is told so long after it happened is history: nobody is there any more. */
const HISTORICAL_AFTER_MS = 5 * 60_000;
const ENTRIES_AT_ONCE = 20_000;
/** As an order without a level counts among others. */
const LEAST_LEVEL = 5;
/** Further orders for one plate that a hit names. */
const ALSO_MAX = 8;
/** Before every other. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Why a read is only a candidate. */
type Doubt = 'unread-characters' | 'low-confidence' | 'colour';

/**
 * Wanted plates, in memory by keyed hash, so that judging a passage costs one hash however many there are. Plates of a
 * list are read once: they do not change while it is in force.
 */
export class WatchedPlates implements Watch {
  readonly #deps: WatchedPlatesDeps;
  #lists: ReadonlyMap<string, WatchedList> = new Map();
  #blocks: ReadonlyMap<string, readonly PlateBlock[]> = new Map();
  #index = PlateIndex.EMPTY;
  readonly #loading = new InTurn();

  constructor(deps: WatchedPlatesDeps) {
    this.#deps = deps;
    if (deps.observer) this.#measure(deps.observer);
  }

  /** One after the other: two at once could end in the wrong order, and the older one would forget the newer list. */
  load(): Promise<void> {
    return this.#loading.run(() => this.#load());
  }

  async #load(): Promise<void> {
    const { database } = this.#deps;
    const rows = await database
      .tables<WatchlistTables>()
      .selectFrom('watchlist')
      .selectAll()
      .where('state', '=', 'active')
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute();
    const missing = rows.map(({ id }) => id).filter((id) => !this.#blocks.has(id));
    const read = await this.#read(missing);
    const blocks = new Map(rows.map(({ id }) => [id, this.#blocks.get(id) ?? read.get(id) ?? []]));
    const isSame = missing.length === 0 && blocks.size === this.#blocks.size;
    if (!isSame) this.#index = await PlateIndex.over([...blocks.values()].flat(), rest);
    this.#blocks = blocks;
    this.#lists = new Map(rows.map((row) => [row.id, { row, order: orderOf(row) }]));
  }

  /** The plates of these lists, in pieces. */
  async #read(lists: readonly string[]): Promise<Map<string, PlateBlock[]>> {
    const blocks = new Map<string, PlateBlock[]>();
    let after = { list: NO_ID, hash: '', id: NO_ID };
    for (let more = lists.length > 0; more; ) {
      const { rows } = await sql<StoredEntry & { list: string }>`
        select watchlist_id::text as list, id::text as id, plate_hash as hash, colour, reason,
          valid_until_ms as "validUntilMs"
        from watchlist_entry
        where watchlist_id = any (${lists}::uuid[]) and removed_at_ms is null
          and (watchlist_id, plate_hash, id) > (${after.list}::uuid, ${after.hash}, ${after.id}::uuid)
        order by watchlist_id, plate_hash, id limit ${ENTRIES_AT_ONCE}`.execute(this.#deps.database.tables());
      for (const list of new Set(rows.map((row) => row.list))) {
        const entries = rows.filter((row) => row.list === list);
        blocks.set(list, [...(blocks.get(list) ?? []), new PlateBlock(list, entries)]);
      }
      after = rows.at(-1) ?? after;
      more = rows.length === ENTRIES_AT_ONCE;
    }
    return blocks;
  }

  /** Of memory, for everything that grows with the number of plates. */
  get bytes(): number {
    return this.#index.bytes;
  }

  /** The same without what only some may know of: for whoever asks by a rule of their own. */
  get ofEverybody(): Watch {
    return { match: (seen) => this.match(seen).filter(({ seenBy }) => seenBy === null) };
  }

  match(seen: PlateSeen): readonly WatchHit[] {
    if (this.#index.length === 0) return [];
    const key = plateKey(seen.plate);
    const colour = knownColour(seen.colour);
    const hits: WatchHit[] = [];
    for (const [hash, found] of this.#found(seen.plate, key)) {
      const entries = found.filter((entry) => this.#isWanted(entry, { seen, colour }));
      const doubt = doubtOf(key, { confidence: seen.confidence, colour });
      hits.push(...this.#hitsOf(hash, entries, { seen, doubt }));
    }
    return hits;
  }

  /** What is listed of the plates that a read may be. Plates of older lists were hashed without look-alikes. */
  #found(plate: string, key: string): [string, FoundEntry[]][] {
    const texts = readingsOf(key);
    const asWritten = normalizePlate(plate);
    if (asWritten !== key && texts.length === 1) texts.push(asWritten);
    return texts.flatMap((text) => {
      const hash = hashPlate(this.#deps.key, text);
      const found = this.#index.find(hash);
      return found.length > 0 ? [[hash, found] as [string, FoundEntry[]]] : [];
    });
  }

  /** In force when the vehicle passed as well as when that was told. */
  #isWanted(
    { list, validUntilMs, colour: wanted }: FoundEntry,
    { seen, colour }: { seen: PlateSeen; colour: ReturnType<typeof knownColour> },
  ): boolean {
    const known = this.#lists.get(list);
    if (!known || orderIsOver(known.order, seen.receivedAtMs)) return false;
    const { fromMs, untilMs } = known.order;
    const endsMs = Math.min(untilMs, validUntilMs ?? untilMs);
    if (endsMs <= seen.receivedAtMs || endsMs <= seen.passedAtMs || (fromMs ?? 0) > seen.passedAtMs) return false;
    return mayBeSame(wanted, colour) && covers(this.#deps.tree.area(known.row.jurisdiction), seen.jurisdiction);
  }

  /**
   * One hit of all open lists together, that of the gravest and then of the eldest, which names the others; and one of
   * each that only some people may know of.
   */
  #hitsOf(
    hash: string,
    entries: readonly FoundEntry[],
    { seen, doubt }: { seen: PlateSeen; doubt: Doubt | null },
  ): WatchHit[] {
    const rowOf = ({ list }: FoundEntry) => this.#lists.get(list)!.row;
    const levelOf = (entry: FoundEntry) => rowOf(entry).particulars?.level ?? LEAST_LEVEL;
    const secret = entries.filter((entry) => rowOf(entry).named !== null);
    const open = entries.filter((entry) => rowOf(entry).named === null);
    const [first, ...others] = open.toSorted((a, b) => levelOf(a) - levelOf(b));
    const also = others.slice(0, ALSO_MAX);
    return [...(first ? [first] : []), ...secret].map((entry) => {
      const row = rowOf(entry);
      const scope = [hash.slice(0, 16), row.named ? entry.list : '', doubt === null ? '' : seen.at];
      return {
        scope: scope.filter(Boolean).join('.'),
        data: {
          watchlist: row.name,
          watch_reason: entry.reason,
          entry: entry.id,
          ...(row.particulars && { handling: row.particulars.handling, level: row.particulars.level }),
          ...(entry === first &&
            also.length > 0 && {
              also_wanted: also.map((one) => `${rowOf(one).name}: ${one.reason}`),
              also_entries: also.map(({ id }) => id),
            }),
          ...(doubt !== null && { candidate: true, doubt }),
          ...(seen.receivedAtMs - seen.passedAtMs > HISTORICAL_AFTER_MS && { historical: true }),
        },
        seenBy: row.named ?? (doubt === null ? null : [CONFIRMING_DESK]),
      };
    });
  }

  #measure({ metrics }: Observer): void {
    const index = () => this.#index;
    new Gauge({
      name: 'citywatch_watched_plates',
      help: 'Plates of lists in force that are held in memory.',
      registers: [metrics],
      collect() {
        this.set(index().length);
      },
    });
    new Gauge({
      name: 'citywatch_watched_plates_bytes',
      help: 'Bytes of memory that plates of lists in force take.',
      registers: [metrics],
      collect() {
        this.set(index().bytes);
      },
    });
  }
}

/** Why a read of a plate that is listed is no hit yet; null where it is one. */
function doubtOf(
  key: string,
  { confidence, colour }: { confidence: number | null; colour: ReturnType<typeof knownColour> },
): Doubt | null {
  if (hasUnread(key)) return 'unread-characters';
  if (confidence !== null && confidence < CONFIDENCE_MIN) return 'low-confidence';
  return isContradicted(key, colour) ? 'colour' : null;
}

function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
