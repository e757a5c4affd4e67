import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Owner } from '../../services/services.ts';
import type { SiteOrder } from './site-cameras.ts';

/** Starts a process with sites of cheap cameras; what it returns gives it orders, one after the other. */
export function startSites(t: Owner): <Result>(order: SiteOrder) => Promise<Result> {
  const child = fork(join(import.meta.dirname, 'site-cameras.ts'));
  const gone = once(child, 'exit').then(() => ({ error: 'the process with the cameras ended' }));
  t.teardown(async () => {
    if (child.connected) child.disconnect();
    await gone;
  });
  return async <Result>(order: SiteOrder): Promise<Result> => {
    child.send(order);
    const answer = once(child, 'message').then(([one]) => one as { result?: Result; error?: string });
    const { result, error } = await Promise.race([answer, gone as Promise<{ result?: Result; error?: string }>]);
    if (error !== undefined) throw new Error(error);
    return result as Result;
  };
}

/** Addresses of `count` cameras, 250 in each network from `127.64.first.0/24` on. */
export function hostsOf(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `127.64.${first + Math.floor(n / 250)}.${1 + (n % 250)}`);
}
