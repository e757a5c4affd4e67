import { Gateway } from '../../test/support/gateway/gateway.ts';
import type { ReadersOrder, ReadersResult } from '../support/alerts/stream-readers.ts';
import { told } from '../support/alerts/told.ts';
import { atMost, tell } from '../support/figures.ts';
import {
  cpuOf,
  delays as delaysOf,
  Load,
  owner,
  register,
  run,
  setting,
  settle,
  tokensOf,
} from '../support/harness.ts';

/**
 * 1,000 who follow the log of alerts by server-sent events, in a process of their own, while ten kiosks a second catch
 * fire: from the commit of an alert to its arrival at each of them. `CITYWATCH_BENCH_SECONDS` (default 60) is how long,
 * `CITYWATCH_BENCH_VIEWERS` how many follow; the first measurement is with ten of them.
 */
const SECONDS = setting('SECONDS', 60);
const VIEWERS = setting('VIEWERS', 1_000);
const PER_SECOND = 10;
const FEW = 10;
/** One caller may follow 64 times. */
const PER_CALLER = 60;

await run(async () => {
  const gateway = await Gateway.start(owner);
  const fires = SECONDS * PER_SECOND;
  const devices = await register(gateway, 2 * fires);
  const load = await Load.connect(gateway, devices);
  const tokens = await tokensOf(gateway, Math.ceil((VIEWERS + FEW) / PER_CALLER), 'operator');
  const readers = told<ReadersOrder, ReadersResult>('stream-readers.ts');
  const url = `${gateway.httpUrl}/api/v1/alerts/stream`;
  for (const [index, count] of [FEW, VIEWERS - FEW].entries()) {
    await readers({ do: 'open', url, tokens, count });
    await settle();
    const before = cpuOf(gateway);
    await load.burn(index * fires, (index + 1) * fires, PER_SECOND);
    const { readers: open, arrived, delays } = await readers({ do: 'await', openings: fires });
    const after = cpuOf(gateway);
    const cpu =
      Object.values(after).reduce((sum, used) => sum + used, 0) - Object.values(before).reduce((a, b) => a + b, 0);
    tell(
      'server-sent events of alerts',
      { readers: open, perSecond: PER_SECOND },
      {
        arrived: [arrived, 'count'],
        'an alert': [(cpu * 1000) / fires, 'CPU ms'],
        ...(delays && delaysOf(delays, ...(open >= 1_000 ? [atMost(100, 'issue 13')] : []))),
      },
    );
  }
  await gateway.stop('SIGTERM');
});
