import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { hostsOf, startSites } from '../../support/streams/sites/sites.ts';
import { lasts } from '../../support/time/lasting.ts';
import { chance } from '../../support/time/random.ts';
import { until } from '../../support/time/until.ts';

/** `npm run soak -- 120` makes it two hours. */
const MINUTES = Number(process.env.SOAK_MINUTES ?? 15);
const SITES = 6;
const CAMERAS_PER_SITE = 6;
/** Cameras that are never there. */
const GONE = 6;
const SAMPLES_PER_MINUTE = 4;
/** Memory in use breathes with collections; what is kept of each reconnect would be a multiple in an hour. */
const GROWTH_MIB = 40;
const SOON_MS = 180_000;
const HEAP = pathToFileURL(join(import.meta.dirname, '../../support/gateway/heap.mjs')).href;

interface Sample {
  minute: number;
  /** What lives after all garbage was collected. */
  heapMiB: number;
  gatewayMiB: number;
  allMiB: number;
}

t.setTimeout((MINUTES + 15) * 60_000);

t.test('cameras go and come back all the time, some are never there, and memory stays as it is', async (t) => {
  const gateway = await Gateway.prepare(t, { CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16' });
  gateway.env.HEAP_FILE = join(gateway.directory, 'heap');
  gateway.nodeOptions = [...gateway.nodeOptions, '--expose-gc', `--import=${HEAP}`];
  await gateway.start();
  const sites = startSites(t);
  const names = Array.from({ length: SITES }, (_, n) => `site-${n}`);
  for (const [n, site] of names.entries()) {
    const urls = await sites<string[]>({ do: 'cameras', site, hosts: hostsOf(10 + n, CAMERAS_PER_SITE) });
    for (const [camera, url] of urls.entries()) await recorded(gateway, `${site}-${camera}`, url);
  }
  for (let n = 0; n < GONE; n += 1) await recorded(gateway, `gone-${n}`, `rtsp://127.64.99.${n + 1}:9/live`);
  const live = async () => {
    const { items } = (await gateway.get('/streams')) as { items: { state: string }[] };
    return items.filter(({ state }) => state === 'live').length;
  };
  await until('all that are there are live', async () => (await live()) === SITES * CAMERAS_PER_SITE, SOON_MS);
  const random = chance();
  const dark = new Set<string>();
  const samples: Sample[] = [];
  for (let n = 1; n <= MINUTES * SAMPLES_PER_MINUTE; n += 1) {
    const site = names[Math.floor(random() * names.length)]!;
    await sites({ do: dark.has(site) ? 'return' : 'cut', site });
    if (!dark.delete(site)) dark.add(site);
    await lasts(60_000 / SAMPLES_PER_MINUTE);
    const sample = { minute: n / SAMPLES_PER_MINUTE, ...(await memoryOf(gateway)) };
    samples.push(sample);
    say(t, JSON.stringify(sample));
  }
  for (const site of dark) await sites({ do: 'return', site });
  await until('all are back', async () => (await live()) === SITES * CAMERAS_PER_SITE, SOON_MS);
  // The first third fills caches and windows.
  const [, middle, last] = [0, 1, 2].map((third) =>
    samples.slice((third * samples.length) / 3, ((third + 1) * samples.length) / 3),
  );
  for (const what of ['heapMiB', 'gatewayMiB', 'allMiB'] as const) {
    const grown = Math.round(median(last!.map((one) => one[what])) - median(middle!.map((one) => one[what])));
    say(t, `${what}: ${grown} MiB more in the last third than in the second`);
    t.ok(grown <= GROWTH_MIB, `${what} is flat: ${grown} MiB more`);
  }
});

async function recorded(gateway: Gateway, id: string, url: string): Promise<void> {
  await gateway.register({ id, kind: 'camera', stream: { url } });
  const { status, text } = await gateway.api('POST', `/devices/${id}/recording`, { body: { mode: 'always' } });
  if (status !== 204) throw new Error(`how ${id} is recorded was answered ${status}: ${text}`);
}

async function memoryOf(gateway: Gateway): Promise<Omit<Sample, 'minute'>> {
  const file = gateway.env.HEAP_FILE!;
  rmSync(file, { force: true });
  process.kill(gateway.pid, 'SIGUSR2');
  await until('the heap was measured', () => existsSync(file), SOON_MS);
  const { heapUsed } = JSON.parse(readFileSync(file, 'utf8')) as { heapUsed: number };
  const pids = gateway.descendants().map(({ pid }) => pid);
  const all = [gateway.pid, ...pids].reduce((sum, pid) => sum + pssMib(pid), 0);
  return {
    heapMiB: Math.round(heapUsed / 2 ** 20),
    gatewayMiB: Math.round(pssMib(gateway.pid)),
    allMiB: Math.round(all),
  };
}

/** Memory of a process, what it shares counted in parts; 0 of one that has ended. */
function pssMib(pid: number): number {
  try {
    return Number(/^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Also to whoever follows the soak. */
function say(t: { comment(text: string): unknown }, line: string): void {
  t.comment(line);
  if (process.env.SOAK_REPORT) appendFileSync(process.env.SOAK_REPORT, `${line}\n`);
}
