import t from 'tap';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import type { SiteTold } from '../../../support/streams/sites/site-cameras.ts';
import { hostsOf, startSites } from '../../../support/streams/sites/sites.ts';
import { startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

/** As many as a switch has; 500 are in test/long/streams. */
const SITE = 40;
const NEIGHBOURS = 4;
const SOON_MS = 60_000;

t.test('the cameras of a site are cut off and come back, and those beside it lose nothing', async (t) => {
  const sites = startSites(t);
  const { pool, cameras, lines } = await startStreams(t, {
    engine: 'auto',
    times: { ...PULL_TIMES, backoffMaxMs: 4_000 },
  });
  const names = async (site: string, hosts: string[]) => {
    const urls = await sites<string[]>({ do: 'cameras', site, hosts });
    for (const [n, url] of urls.entries()) cameras.set(`${site}-${n}`, { url });
    return urls.map((_, n) => `${site}-${n}`);
  };
  const near = await names('near', hostsOf(9, NEIGHBOURS));
  const dark = await names('dark', hostsOf(10, SITE));
  const heard = new Map<string, Fragment[]>();
  for (const deviceId of [...near, ...dark]) {
    const lease = await pool.lease({ deviceId, quality: 'main', use: 'record' });
    if (!near.includes(deviceId)) continue;
    heard.set(deviceId, []);
    lease.listen({
      epoch: () => {},
      fragment: (fragment) => void heard.get(deviceId)!.push(fragment),
      failed: ({ reason }) => t.fail(`a neighbour failed: ${reason}`),
    });
  }
  const live = () => pool.list().filter(({ state }) => state === 'live').length;
  await until('all are live', () => live() === SITE + NEIGHBOURS, SOON_MS);
  await sites({ do: 'cut', site: 'dark' });
  await until('the site is dark', () => live() === NEIGHBOURS, SOON_MS);
  const reasons = () => pool.list().map(({ reason }) => reason);
  await until('each was asked again', () => reasons().filter((one) => one === 'unreachable').length === SITE, SOON_MS);
  await sites({ do: 'return', site: 'dark' });
  await until('all are back', () => live() === SITE + NEIGHBOURS, SOON_MS);
  const told = lines.filter((line) => line.includes('a camera gives no picture') && line.includes('"level":40'));
  t.ok(told.length <= SITE * 2, `${told.length} lines for ${SITE} cameras, however often each was asked`);
  const lengths = new Map([...heard].map(([id, fragments]) => [id, fragments.length]));
  await until('the neighbours go on', () => near.every((id) => heard.get(id)!.length > lengths.get(id)!));
  for (const [id, fragments] of heard) {
    const holes = fragments.slice(1).filter(({ decodeTimeMs }, at) => {
      const before = fragments[at]!;
      return Math.abs(before.decodeTimeMs + before.durationMs - decodeTimeMs) >= 1;
    });
    t.equal(holes.length, 0, `${id}: no fragment of ${fragments.length} is missing`);
  }
  t.equal((await sites<SiteTold>({ do: 'tell', site: 'near' })).plays, NEIGHBOURS, 'nor was one opened again');
  t.equal((await sites<SiteTold>({ do: 'tell', site: 'dark' })).plays, 2 * SITE, 'and each of the site once again');
});
