import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../platform/database/database.ts';
import { type DeadLetter, type DeadLetterPlace, fromRow, idOf } from './dead-letter-row.ts';
import type { IngestTables } from './tables.ts';

/** What dead letters of one cause have in common. */
export interface GroupKey {
  reason: string;
  kind: string;
  /** Null for devices that have not said theirs. */
  firmware: string | null;
}

/** Dead letters of one cause that were not replayed. */
export interface DeadLetterGroup extends GroupKey {
  count: number;
  devices: number;
  firstAtMs: number;
  lastAtMs: number;
  /** One of the newest; null when it was deleted just now. */
  example: DeadLetter | null;
}

const GROUPS_MAX = 500;
const LANES = ['live', 'bulk'];

/** At most 500 groups, the largest first. */
export async function listGroups(database: Database, caller: Caller): Promise<DeadLetterGroup[]> {
  const query = database
    .tables<IngestTables>()
    .selectFrom('dead_letter')
    .select(['reason', 'kind', 'firmware'])
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.count<number>('device').distinct().as('devices'),
      fn.min('received_at_ms').as('firstAtMs'),
      fn.max('received_at_ms').as('lastAtMs'),
      // The row itself, as numbers that have an order: the newest wins without a sort of the whole group.
      sql<string>`max(array[received_at_ms, array_position(${LANES}::text[], lane), journal_offset,
        record_index])::text`.as('newest'),
    ])
    .where('replayed_at_ms', 'is', null)
    .groupBy(['reason', 'kind', 'firmware'])
    .orderBy('count', 'desc')
    .orderBy('reason')
    .orderBy('kind')
    .limit(GROUPS_MAX);
  const groups = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).execute();
  const examples = await lettersAt(
    database,
    groups.map(({ newest }) => placeOf(newest)),
  );
  return groups.map(({ newest, ...group }) => ({ ...group, example: examples.get(idOf(placeOf(newest))) ?? null }));
}

/** From `{1763750000123,1,4711,-1}`. */
function placeOf(text: string): DeadLetterPlace {
  const [, lane = 0, offset = 0, index = 0] = text.slice(1, -1).split(',').map(Number);
  return { lane: LANES[lane - 1] ?? '', journal_offset: offset, record_index: index };
}

async function lettersAt(database: Database, places: DeadLetterPlace[]): Promise<Map<string, DeadLetter>> {
  if (places.length === 0) return new Map();
  const rows = await database
    .tables<IngestTables>()
    .selectFrom('dead_letter')
    .selectAll()
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('lane', 'journal_offset', 'record_index'),
        'in',
        places.map((place) => tuple(place.lane, place.journal_offset, place.record_index)),
      ),
    )
    .execute();
  return new Map(rows.map((row) => [idOf(row), fromRow(row)]));
}

/** A place within a group, and the ends of both lanes as they were at its first page. */
interface GroupCursor {
  ends: Record<string, number>;
  after: DeadLetterPlace;
}

const BEFORE_ALL: DeadLetterPlace = { lane: '', journal_offset: 0, record_index: -1 };

/**
 * Ids of the group that were not replayed, in order of the journal. What a replay puts aside again stands behind the
 * ends that the first page noted, and is left out.
 */
export async function idsOfGroup(
  database: Database,
  caller: Caller,
  { reason, kind, firmware, limit, after }: GroupKey & { limit: number; after?: string },
): Promise<{ ids: string[]; next: string | null }> {
  const cursor = after === undefined ? await firstPage(database) : parseCursor(after);
  const { lane, journal_offset: offset, record_index: index } = cursor.after;
  const query = database
    .tables<IngestTables>()
    .selectFrom('dead_letter')
    .select(['lane', 'journal_offset', 'record_index'])
    .where('reason', '=', reason)
    .where('kind', '=', kind)
    .where('firmware', 'is not distinct from', firmware)
    .where('replayed_at_ms', 'is', null)
    .where(sql<boolean>`(lane, journal_offset, record_index) > (${lane}::text, ${offset}::bigint, ${index}::int)`)
    .where(({ or, and, eb }) =>
      or(LANES.map((each) => and([eb('lane', '=', each), eb('journal_offset', '<=', cursor.ends[each] ?? -1)]))),
    )
    .orderBy('lane')
    .orderBy('journal_offset')
    .orderBy('record_index')
    .limit(limit + 1);
  const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { ids: page.map(idOf), next: last ? printCursor({ ends: cursor.ends, after: last }) : null };
}

async function firstPage(database: Database): Promise<GroupCursor> {
  const ends: Record<string, number> = {};
  for (const lane of LANES) {
    const { end } = await database
      .tables<IngestTables>()
      .selectFrom('dead_letter')
      .select(({ fn }) => fn.max('journal_offset').as('end'))
      .where('lane', '=', lane)
      .executeTakeFirstOrThrow();
    ends[lane] = end ?? -1;
  }
  return { ends, after: BEFORE_ALL };
}

function printCursor({ ends, after }: GroupCursor): string {
  return [...LANES.map((lane) => ends[lane]), after.lane, after.journal_offset, after.record_index].join('.');
}

function parseCursor(text: string): GroupCursor {
  const match = /^(-?\d{1,15})\.(-?\d{1,15})\.(live|bulk)\.(\d{1,15})\.(-?\d{1,6})$/.exec(text);
  if (!match) throw new CitywatchError('request.cursor');
  const [, live, bulk, lane = '', offset, index] = match;
  const after = { lane, journal_offset: Number(offset), record_index: Number(index) };
  return { ends: { live: Number(live), bulk: Number(bulk) }, after };
}
