import { type RawBuilder, sql } from 'kysely';

/** A statement that has come so often is one of those that come always. */
const OFTEN = 16;
/** Each costs every connection that runs it some memory in the server. */
const NAMES_MAX = 64;
const COUNTED_MAX = 1_000;

/**
 * Which statements are prepared under a name: those that come again and again. The server then reads and plans them
 * once for each connection, which costs as much as running them. A list of values of another length is another
 * statement, so what is often run for a few and for many takes arrays or JSON.
 */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  #counts = new Map<string, number>();

  /** The name of a statement; null for one that is not prepared (yet). */
  nameOf(text: string): string | null {
    const name = this.#names.get(text);
    if (name !== undefined) return name;
    if (this.#names.size >= NAMES_MAX) return null;
    const count = (this.#counts.get(text) ?? 0) + 1;
    if (count < OFTEN) {
      if (this.#counts.size >= COUNTED_MAX) this.#counts = new Map();
      this.#counts.set(text, count);
      return null;
    }
    this.#counts.delete(text);
    this.#names.set(text, `citywatch_${this.#names.size}`);
    return this.#names.get(text)!;
  }
}

/** Types of PostgreSQL of which lists are given. */
export type ListType = 'text' | 'uuid' | 'smallint' | 'integer' | 'bigint';

/**
 * A list as one value of a statement that comes again and again. PostgreSQL does not see how long it is, so one plan
 * serves all lengths; of an array that it sees it plans short ones anew each time, which costs more than to run them.
 */
export function listOf(type: ListType, values: readonly unknown[]): RawBuilder<unknown> {
  return sql`(select ${values}::${sql.raw(type)}[])::${sql.raw(type)}[]`;
}

/** A column of {@link tableOf}: its type, and what of a row stands in it. */
export type Column<Row> = readonly [ListType, (row: Row, index: number) => unknown];

/** Rows as a table of a FROM clause by its name there, with these columns, each given as {@link listOf} does. */
export function tableOf<Row>(
  name: string,
  rows: readonly Row[],
  columns: Readonly<Record<string, Column<Row>>>,
): RawBuilder<unknown> {
  const lists = Object.values(columns).map(([type, read]) => listOf(type, rows.map(read)));
  const names = Object.keys(columns).map((column) => sql.ref(column));
  return sql`unnest(${sql.join(lists)}) as ${sql.ref(name)} (${sql.join(names)})`;
}
