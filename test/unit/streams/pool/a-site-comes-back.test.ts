import fc from 'fast-check';
import t from 'tap';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Pool } from '../../../../src/streams/pool/pool.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import { runPull } from '../../../../src/streams/pool/run.ts';
import {
  LANES,
  type Lane,
  START_LIMITS,
  type StartLimits,
  Starts,
} from '../../../../src/streams/pool/starts/starts.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { soleLeases } from '../../../support/streams/pool/memory-leases.ts';
import { FRAGMENT, INIT, ROOMY } from '../../../support/streams/pool/pools.ts';
import { TRUSTED } from '../../../support/streams/streams.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { randomFrom } from '../../../support/time/random.ts';
import { turns } from '../../../support/time/turns.ts';

/** The same with 500, over real connections, is in test/long/streams. */
const SITE = 120;
const NEIGHBOURS = 5;
const { connectsPerS, perNetwork } = START_LIMITS;
/** Begun at once after a rest. */
const BURST = 10;
/** A host that is gone says nothing, and an attempt to reach it ends by its deadline. */
const CONNECT_MS = 5_000;
/** Until the next key frame. */
const FIRST_MS = 1_500;
const FRAGMENT_MS = 2_000;

/** Cameras that send a fragment every two seconds, where the power is on. */
class PoweredCameras {
  readonly #clock: ManualClock;
  /** When each connection was begun, and of which network. */
  readonly begun: { atMs: number; network: string }[] = [];
  readonly #first = new Map<string, number>();
  firstMax = 0;
  isDark = false;
  readonly cut = new Set<() => void>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  run = async (
    { camera, onPart }: { camera: { url: string }; onPart(part: typeof INIT): void },
    signal: AbortSignal,
  ): Promise<StreamFailure> => {
    const network = new URL(camera.url).hostname.replace(/\.\d+$/, '');
    const isOfSite = network.startsWith('10.1.');
    this.begun.push({ atMs: this.#clock.monotonicMs(), network });
    this.#wait(network, 1);
    await this.#clock.sleep(isOfSite && this.isDark ? CONNECT_MS : FIRST_MS, signal);
    this.#wait(network, -1);
    if (isOfSite && this.isDark) return new StreamFailure('unreachable');
    const lost = new AbortController();
    const cut = () => lost.abort();
    if (isOfSite) this.cut.add(cut);
    const over = AbortSignal.any([signal, lost.signal]);
    onPart(INIT);
    while (!over.aborted) {
      onPart(FRAGMENT);
      await this.#clock.sleep(FRAGMENT_MS, over);
    }
    this.cut.delete(cut);
    return signal.reason instanceof StreamFailure
      ? signal.reason
      : new StreamFailure(lost.signal.aborted ? 'closed' : 'stopped');
  };

  powerFails(): void {
    this.isDark = true;
    for (const cut of [...this.cut]) cut();
  }

  #wait(network: string, change: 1 | -1): void {
    const first = (this.#first.get(network) ?? 0) + change;
    this.#first.set(network, first);
    this.firstMax = Math.max(this.firstMax, first);
  }
}

async function open(limits: StartLimits = START_LIMITS) {
  const clock = new ManualClock();
  const cameras = new PoweredCameras(clock);
  const urls = new Map<string, string>();
  for (let n = 0; n < SITE; n += 1) urls.set(`site-${n}`, `rtsp://10.1.${n % 2}.${1 + (n >> 1)}/live`);
  for (let n = 0; n < NEIGHBOURS; n += 1) urls.set(`near-${n}`, `rtsp://10.9.0.${n + 1}/live`);
  const source = { ...TRUSTED, camera: async (id: string) => ({ url: urls.get(id)! }) };
  const engine = { run: cameras.run, stop: async () => {} };
  const starts = new Starts(clock, limits);
  const run = { clock, cameras: source, engines: [engine], starts, soundOf: () => false };
  const pool = new Pool({
    ...ROOMY,
    capacity: { pullsMax: 1_000, megabitsMax: 10_000 },
    clock,
    observer: createObserver({ level: 'silent', secrets: new KnownSecrets() }),
    leases: soleLeases(clock),
    times: PULL_TIMES,
    random: randomFrom(7),
    run: (target, port, signal) => runPull(run, target, port, signal),
  });
  const record = (deviceId: string) => pool.lease({ deviceId, quality: 'main', use: 'record' });
  const leases = new Map<string, Awaited<ReturnType<typeof record>>>();
  for (const id of urls.keys()) leases.set(id, await record(id));
  const live = () => pool.list().filter(({ state }) => state === 'live').length;
  return { clock, cameras, pool, leases, live };
}

/** Most connections begun within any second. */
function fastest(begun: readonly { atMs: number }[]): number {
  return Math.max(...begun.map(({ atMs }, at) => begun.slice(at).filter((one) => one.atMs < atMs + 1_000).length));
}

t.test('the cameras of a site come back paced, and nobody else is disturbed', async (t) => {
  const { clock, cameras, pool, leases, live } = await open();
  t.teardown(() => pool.stop());
  await clock.advance(10_000);
  t.equal(live(), SITE + NEIGHBOURS, 'after a cold start');
  const heard = new Map<string, number>();
  for (let n = 0; n < NEIGHBOURS; n += 1) {
    leases.get(`near-${n}`)!.listen({
      epoch: () => {},
      fragment: () => void heard.set(`near-${n}`, (heard.get(`near-${n}`) ?? 0) + 1),
      failed: ({ reason }) => t.fail(`a neighbour failed: ${reason}`),
    });
  }
  await turns();
  heard.clear();
  const fromMs = clock.monotonicMs();
  const { length } = cameras.begun;
  cameras.powerFails();
  await clock.advance(120_000);
  t.equal(live(), NEIGHBOURS);
  const dark = cameras.begun.slice(length);
  t.ok(dark.length < SITE * 14, `each is asked ever less often: ${dark.length} times in all`);
  cameras.isDark = false;
  const beforeBack = cameras.begun.length;
  await clock.advance(60_000);
  t.equal(live(), SITE + NEIGHBOURS, 'all are back within a minute');
  const back = cameras.begun.slice(beforeBack);
  t.ok(new Set(back.map(({ atMs }) => atMs)).size > SITE / 2, 'one after the other');
  t.ok(fastest(cameras.begun) <= connectsPerS + BURST, `${fastest(cameras.begun)} a second`);
  t.equal(cameras.firstMax, perNetwork, 'of a network only so many at a time');
  const expected = Math.round((clock.monotonicMs() - fromMs) / FRAGMENT_MS);
  for (const [id, count] of heard) t.ok(Math.abs(count - expected) <= 1, `${id} lost nothing: ${count} of ${expected}`);
  t.equal(heard.size, NEIGHBOURS);
});

t.test('whom somebody looks at waits for no storm', async (t) => {
  const { clock, cameras, pool } = await open();
  t.teardown(() => pool.stop());
  t.ok(cameras.begun.length <= BURST, 'the others wait');
  const look = await pool.lease({ deviceId: 'site-119', quality: 'sub', use: 'live' });
  const before = cameras.begun.length;
  await clock.advance(1000 / connectsPerS);
  t.equal(cameras.begun.length, before + 1);
  t.match(
    pool.list().find(({ quality }) => quality === 'sub'),
    { state: 'starting' },
  );
  await clock.advance(FIRST_MS);
  t.match(
    pool.list().find(({ quality }) => quality === 'sub'),
    { state: 'live' },
  );
  look.release();
});

t.test('a camera waits for its turn longer than for its first picture, and is not called overdue', async (t) => {
  const { clock, pool, live } = await open({ ...START_LIMITS, connectsPerS: 5 });
  t.teardown(() => pool.stop());
  await clock.advance(PULL_TIMES.firstMs + 3_000);
  t.ok(live() > 60 && live() < SITE, `${live()} are live`);
  t.same(
    pool.list().filter(({ reason }) => reason !== null),
    [],
  );
});

t.test('no network and no second is ever given more than its share, and nobody is forgotten', async () => {
  const ask = fc.record({
    network: fc.constantFrom('a', 'b', 'c'),
    lane: fc.constantFrom<Lane>(...LANES),
    /** How long it takes, ms; null: it gives up while it waits. */
    ms: fc.option(fc.integer({ min: 0, max: 3_000 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(ask, { maxLength: 80 }), async (asks) => {
      const clock = new ManualClock();
      const starts = new Starts(clock, { connectsPerS: 20, perNetwork: 3 });
      const begun: { atMs: number }[] = [];
      const busy = new Map<string, number>();
      let isRight = true;
      let over = 0;
      for (const { network, lane, ms } of asks) {
        const gone = new AbortController();
        const turn = starts.turn(network, lane, gone.signal).then(
          async (leave) => {
            begun.push({ atMs: clock.monotonicMs() });
            busy.set(network, (busy.get(network) ?? 0) + 1);
            isRight &&= busy.get(network)! <= 3;
            await clock.sleep(ms ?? 0);
            busy.set(network, busy.get(network)! - 1);
            leave();
            leave();
          },
          () => {},
        );
        void turn.then(() => {
          over += 1;
        });
        if (ms === null) clock.after(10, () => gone.abort(new Error('gone')));
      }
      await clock.advance(200_000);
      return isRight && over === asks.length && starts.waiting === 0 && (begun.length === 0 || fastest(begun) <= 30);
    }),
    { numRuns: 50 },
  );
});
