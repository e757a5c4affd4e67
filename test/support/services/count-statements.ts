import pg from 'pg';
import type { Owner } from './services.ts';

interface Said {
  readonly count: number;
  /** How many of them have been answered. */
  readonly answered: number;
  readonly texts: readonly string[];
}

/** Counts what this process says to PostgreSQL from now on, until the test ends. */
export function countStatements(t: Owner): Said {
  const texts: string[] = [];
  let answered = 0;
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
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
