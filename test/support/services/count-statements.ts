import pg from 'pg';
import type { Owner } from './services.ts';

interface Said {
  readonly count: number;
  /** How many of them have been answered. */
  readonly answered: number;
  readonly texts: readonly string[];
}

/**
 * Counts what this process says to PostgreSQL from now on, until the test ends; with `of` only to the database at that
 * address: what another file of the process has left may still speak to its own.
 */
export function countStatements(t: Owner, of?: string): Said {
  // An address with a socket has no host, and is no URL.
  const name = of === undefined ? null : (/@[^/]*\/([^?]+)/.exec(of)?.[1] ?? '');
  const texts: string[] = [];
  let answered = 0;
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    if (name !== null && (this as { database?: string }).database !== name) return Reflect.apply(query, this, args);
    const [said] = args as [string | { text?: string }];
    texts.push(typeof said === 'string' ? said : (said.text ?? ''));
    const answer: unknown = Reflect.apply(query, this, args);
    if (answer instanceof Promise) answer.catch(() => {}).finally(() => (answered += 1));
    return answer;
  } as typeof query;
  t.teardown(() => {
    pg.Client.prototype.query = query;
  });
  return {
    get count() {
      return texts.length;
    },
    get answered() {
      return answered;
    },
    texts,
  };
}
