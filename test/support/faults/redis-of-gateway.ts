import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askRedis } from '../../../src/app/local-services/redis-probe.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { isRunning } from '../processes.ts';
import { until } from '../time/until.ts';

/** Asks the Redis of a gateway's own for something, as the gateway does. */
export async function askItsRedis({ directory }: Gateway, ...command: string[]): Promise<unknown> {
  const text = await readFile(join(directory, 'redis', 'redis.conf'), 'utf8');
  const of = (key: string): string => new RegExp(`^${key} "(.*)"$`, 'm').exec(text)?.[1] ?? '';
  const url = `unix://:${of('requirepass')}@${encodeURI(of('unixsocket'))}`;
  const [answer] = await askRedis(url, [command], AbortSignal.timeout(5_000));
  return answer;
}

/** Ends one of the gateway's servers, and resolves when another stands in its place. */
export async function replaced(gateway: Gateway, program: string, signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
  const pid = gateway.server(program);
  process.kill(pid, signal);
  await until(`${program} is gone`, () => !isRunning(pid));
  await until(`${program} is back`, () => gateway.descendants().some((each) => each.program === program));
}
