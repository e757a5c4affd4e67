import { CitywatchError, invalid } from '../../core/errors.ts';
import { type AgencyCode, covers, districtOf, ownArea, type Place, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { AlertTables, SubscriptionTable } from '../desk/tables.ts';

/** Every alert is compared with all of them, so their number is bounded; a district has a tenth of it at most. */
const ALL_MAX = 400;
const DISTRICT_MAX = 40;
const OWNER_MAX = 20;

/** As `districtOf` says it: what stands before the `z` of a zone are the digits of the area that it lies in. */
const DISTRICT = sql`left(rpad(split_part(jurisdiction, 'z', 1), 6, '0'), 6)`;

/** What is asked of the tree of the police. */
export interface SeenAgencies {
  isSeen(caller: Caller, agency: AgencyCode): boolean;
}

/** What is asked of the departments. */
export interface SeenDepartments {
  isSeen(caller: Caller, department: string): boolean;
}

/** Whose alerts a subscription is told of. Errors: `request.invalid` for a department that the caller does not see. */
export function departmentsOf(
  known: SeenDepartments,
  caller: Caller,
  { departments }: { departments?: string[] },
): string[] | null {
  if (!departments) return null;
  const at = departments.findIndex((id) => !known.isSeen(caller, id));
  if (at >= 0) throw invalid(`departments.${at}`, 'is the id of no department of yours: see GET /departments');
  return [...new Set(departments)];
}

/**
 * The police agency to which a subscription is limited, which of somebody who is limited is theirs unless it names one.
 * Errors: `request.invalid` for an area, or an agency of it, that is not the caller's.
 */
export function limitOf(
  agencies: SeenAgencies,
  caller: Caller,
  { jurisdiction, police = caller.police ?? null }: Place,
): AgencyCode | null {
  if (!covers(wholeAreas(ownArea(caller)), jurisdiction)) {
    throw invalid('jurisdiction', `lies outside your jurisdiction ${caller.jurisdiction}`);
  }
  const isOwn = covers(ownArea(caller), { jurisdiction, police });
  if (isOwn && (police === null || agencies.isSeen(caller, police))) return police;
  throw invalid('police', 'is no agency of yours: see GET /police/agencies');
}

/** Errors: `conflict.state` when the owner, the district or the whole city has as many as it may have. */
export async function refuseBeyondShare(
  tx: Tables,
  { jurisdiction, owner_type, owner_id }: Pick<SubscriptionTable, 'jurisdiction' | 'owner_type' | 'owner_id'>,
): Promise<void> {
  const district = districtOf(jurisdiction);
  const { all, ofDistrict } = await living(tx)
    .select([
      sql<number>`count(*)`.as('all'),
      sql<number>`count(*) filter (where ${DISTRICT} = ${district})`.as('ofDistrict'),
    ])
    .executeTakeFirstOrThrow();
  if (owner_id !== null) await refuseManyOfOne(tx, { type: owner_type as Caller['type'], id: owner_id });
  if (ofDistrict >= DISTRICT_MAX) throw full(`There are ${DISTRICT_MAX} subscriptions in ${district} already`);
  if (all >= ALL_MAX) throw full(`There are ${ALL_MAX} subscriptions already`);
}

/** Errors: `conflict.state` when one person or token has as many as one may have. */
export async function refuseManyOfOne(tx: Tables, { type, id }: Pick<Caller, 'type' | 'id'>): Promise<void> {
  const { count } = await living(tx)
    .select(sql<number>`count(*)`.as('count'))
    .where('owner_type', '=', type)
    .where('owner_id', '=', id)
    .executeTakeFirstOrThrow();
  if (count >= OWNER_MAX) throw full(`You have ${OWNER_MAX} subscriptions already`);
}

/** Whether a subscription is told of uncertain reads. Errors: `request.invalid` for who does not confirm them. */
export function confirmsOf(caller: Caller, { confirms = false }: { confirms?: boolean }): boolean {
  if (confirms && !caller.confirms) throw invalid('confirms', 'is for who has the right watchlists.confirm');
  return confirms;
}

function living(tx: Tables) {
  return tx.tables<AlertTables>().selectFrom('subscription').where('state', '!=', 'removed');
}

function full(what: string): CitywatchError {
  return new CitywatchError('conflict.state', { detail: `${what}; remove one first.` });
}
