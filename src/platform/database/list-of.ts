import { type RawBuilder, sql } from 'kysely';

/** Types of PostgreSQL of which lists are given. */
export type ListType = 'text' | 'uuid' | 'smallint' | 'integer' | 'bigint';

/**
 * A list as one value of a statement that comes again and again. PostgreSQL does not see how long it is, so one plan
 * serves all lengths; of an array that it sees it plans short ones anew each time, which costs more than to run them.
 */
export function listOf(type: ListType, values: readonly unknown[]): RawBuilder<unknown> {
  return sql`(select ${values}::${sql.raw(type)}[])::${sql.raw(type)}[]`;
}
