import { jsonb, sql, type Tables } from './database.ts';

export interface ShippedTable {
  /** Has a column `shipped` with the row as we shipped it last; null of what was added by hand. */
  name: string;
  key: string;
  /** Those of a row that we ship, the key among them. */
  columns: readonly string[];
  /** What stands in further columns of a new row. */
  also?: Readonly<Record<string, unknown>>;
}

/**
 * Writes rows that we ship. A correction that we ship reaches what stands as we shipped it before; what was changed by
 * hand stays.
 */
export async function writeShipped(
  tables: Tables,
  { name, key, columns, also = {} }: ShippedTable,
  rows: readonly object[],
): Promise<void> {
  const pairs = columns.map((column) => sql`${sql.lit(column)}::text, ${sql.ref(`${name}.${column}`)}`);
  const standing = sql`jsonb_build_object(${sql.join(pairs)})`;
  const known = sql.ref(`${name}.shipped`);
  const changed = [...columns.filter((column) => column !== key), 'shipped'];
  const excluded = Object.fromEntries(changed.map((column) => [column, sql.ref(`excluded.${column}`)]));
  await tables
    .tables<Record<string, Record<string, unknown>>>()
    .insertInto(name)
    .values(rows.map((row) => ({ ...row, ...also, shipped: jsonb(row) })))
    .onConflict((conflict) =>
      conflict
        .column(key)
        .doUpdateSet(excluded)
        .where(
          sql<boolean>`(${known} is null and ${standing} = excluded.shipped)
            or (${known} = ${standing} and ${known} <> excluded.shipped)`,
        ),
    )
    .execute();
}
