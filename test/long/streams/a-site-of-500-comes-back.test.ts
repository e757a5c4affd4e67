import t, { type Test } from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import type { SiteTold } from '../../support/streams/sites/site-cameras.ts';
import { hostsOf, startSites } from '../../support/streams/sites/sites.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

/** `CAMPAIGN_CAMERAS` makes it a smaller one. */
const SITE = Number(process.env.CAMPAIGN_CAMERAS ?? 500);
const NEIGHBOURS = 10;
const REGISTERED_AT_ONCE = 100;
const SOON_MS = 240_000;
/** What hangs on a site has 90 s to come back, and what is held back is looked at every 10 s. */
const SETTLED_MS = 110_000;

interface Alerted {
  device: string;
  rule: string;
  condition: string;
  visibility: string;
}

interface Pulled {
  device: string;
  state: string;
}

t.setTimeout(1_500_000);

t.test(
  'the power of a site with many cameras fails and returns: one fault, and nobody else is disturbed',
  async (t) => {
    const gateway = await Gateway.start(t, {
      CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
      CITYWATCH_STREAM_MEGABITS_MAX: '10000',
    });
    // What cuts and brings back 500 cameras must not hold up those beside them: they have a process of their own.
    const [sites, beside] = [startSites(t), startSites(t)];
    await gateway.register({ id: 'site', kind: 'site' });
    const near = await beside<string[]>({ do: 'cameras', site: 'near', hosts: hostsOf(9, NEIGHBOURS) });
    const dark = await sites<string[]>({ do: 'cameras', site: 'dark', hosts: hostsOf(10, SITE) });
    const ids = [
      ...(await recorded(gateway, 'near', { urls: near })),
      ...(await recorded(gateway, 'dark', { urls: dark, parent: 'site' })),
    ];
    const live = async () => {
      const { items } = (await gateway.get('/streams')) as { items: Pulled[] };
      return items.filter(({ state }) => state === 'live').length;
    };
    await timed(t, 'all live from cold', async () => (await live()) === ids.length);
    // So long an alert of the start may last, and so long a device must be well to be judged.
    await lasts(30_000);
    const before = (await told(gateway)).length;
    t.equal(before, 0, 'nothing is wrong');
    const fromMs = Date.now();
    const asked = probe(t, gateway);
    await sites({ do: 'cut', site: 'dark' });
    await timed(t, 'the site is one fault', async () => (await told(gateway)).some(({ rule }) => rule === 'site-dark'));
    await lasts(60_000);
    t.strictSame(await told(gateway), [{ device: 'site', rule: 'site-dark', condition: 'active' }]);
    await sites({ do: 'return', site: 'dark' });
    await timed(t, 'all live after the return', async () => (await live()) === ids.length);
    await lasts(SETTLED_MS);
    t.strictSame(await told(gateway), [{ device: 'site', rule: 'site-dark', condition: 'cleared' }]);
    const { plays } = await beside<SiteTold>({ do: 'tell', site: 'near' });
    t.equal(plays, NEIGHBOURS, 'no neighbour was opened again');
    const [from, to] = [fromMs, Date.now()].map((atMs) => new Date(atMs).toISOString());
    for (const id of ids.slice(0, NEIGHBOURS)) {
      const { gaps } = await gateway.get(`/streams/${id}/recordings?from=${from}&to=${to}`);
      t.strictSame(gaps, [], `${id} has no hole`);
    }
    const { text } = await gateway.api('GET', '/metrics');
    t.equal(/^citywatch_stream_fragments_dropped_total (.*)$/m.exec(text)?.[1], '0', 'no fragment was left out');
    t.comment(`the API answered ${JSON.stringify(await asked())}`);
  },
);

/** Registers cameras and has them recorded. */
async function recorded(
  gateway: Gateway,
  site: string,
  { urls, parent }: { urls: readonly string[]; parent?: string },
): Promise<string[]> {
  const devices = urls.map((url, n) => ({
    id: `${site}-${n}`,
    kind: 'camera',
    name: `${site}-${n}`,
    jurisdiction: '330203',
    location: { lat: 29.87, lon: 121.55 },
    stream: { url },
    ...(parent && { parent }),
  }));
  for (let from = 0; from < devices.length; from += REGISTERED_AT_ONCE) {
    const body = { devices: devices.slice(from, from + REGISTERED_AT_ONCE) };
    const { status, text } = await gateway.api('POST', '/devices/batch', { body });
    if (status !== 200) throw new Error(`a batch was answered ${status}: ${text}`);
  }
  for (const { id } of devices) {
    await until(
      `${id} is planned`,
      async () => {
        const { status } = await gateway.api('POST', `/devices/${id}/recording`, { body: { mode: 'always' } });
        return status === 204;
      },
      SOON_MS,
    );
  }
  return devices.map(({ id }) => id);
}

/**
 * What both desks were told of devices: what is held back, or was until it ended, is not. How full the disk of this
 * machine is has nothing to do with it.
 */
async function told(gateway: Gateway): Promise<Omit<Alerted, 'visibility'>[]> {
  const shown: Omit<Alerted, 'visibility'>[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: Alerted[]; next?: string } = await gateway.get(`/alerts?desk=all&limit=200${query}`);
    for (const { device, rule, condition, visibility } of page.items) {
      if (visibility === 'normal' && device !== '_gateway')
        shown.push({ device, rule: rule.split('@')[0]!, condition });
    }
    cursor = page.next;
  }
  return shown;
}

async function timed(t: Test, what: string, met: () => Promise<boolean>): Promise<void> {
  const beganMs = performance.now();
  await until(what, met, SOON_MS);
  t.comment(`${what}: ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
}

/** Asks the API five times a second until it is called: how long it took to answer, ms. */
function probe(t: Test, gateway: Gateway): () => Promise<{ p50: number; p99: number; max: number }> {
  const took: number[] = [];
  let isOver = false;
  t.teardown(() => {
    isOver = true;
  });
  const asking = (async () => {
    while (!isOver) {
      const beganMs = performance.now();
      await gateway.api('GET', '/healthz', { token: '' });
      took.push(performance.now() - beganMs);
      await lasts(200);
    }
  })();
  return async () => {
    isOver = true;
    await asking;
    took.sort((a, b) => a - b);
    const at = (share: number) => Math.round(took[Math.floor((took.length - 1) * share)] ?? 0);
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  };
}
