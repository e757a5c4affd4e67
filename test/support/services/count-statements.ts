import pg from 'pg';
import type { Owner } from './services.ts';

/** Counts what this process says to PostgreSQL from now on, until the test ends. */
export function countStatements(t: Owner): { readonly count: number; readonly texts: readonly string[] } {
  const texts: string[] = [];
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    const [said] = args as [string | { text?: string }];
    texts.push(typeof said === 'string' ? said : (said.text ?? ''));
    return Reflect.apply(query, this, args);
  } as typeof query;
  t.teardown(() => {
    pg.Client.prototype.query = query;
  });
  return {
    get count() {
      return texts.length;
    },
    texts,
  };
}
