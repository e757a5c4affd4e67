import { systemClock } from '../src/core/clock.ts';
import { codeAlone } from '../src/core/jurisdiction.ts';
import { createObserver, KnownSecrets } from '../src/core/observe.ts';
import { SYSTEM } from '../src/devices/cameras/setup.ts';
import { HealthBook } from '../src/devices/health/book.ts';
import { HealthList } from '../src/devices/health/list.ts';
import { HealthTally } from '../src/devices/health/tally.ts';
import { Directory } from '../src/devices/registry/directory.ts';
import { SecretHasher } from '../src/platform/secrets/hasher.ts';
import { tell } from './support/figures.ts';
import { run, setting } from './support/harness.ts';

/**
 * What the health of devices costs by how many there are: the same messages, the same changes and the same ticks with
 * 1,000 devices and with 100,000, in one process without network and servers. Each cabinet has ten devices, of which
 * 200 talk; `CITYWATCH_BENCH_MESSAGES` (default 1,000,000) are spread over these. The first case is measured again at
 * the end, warm as the others are.
 */
const MESSAGES = setting('MESSAGES', 1_000_000);
const CASES = [1_000, 10_000, 100_000, 1_000];
const TALKING = 200;
const ROUNDS = 200;
const PER_CABINET = 10;
const STALE_S = 3_600;

/** Nobody is offline, so nobody's name is asked for. */
const NO_DATABASE = {} as ConstructorParameters<typeof HealthList>[0]['database'];

await run(async () => {
  for (const [turn, devices] of CASES.entries()) await measure(turn + 1, devices);
});

async function measure(turn: number, devices: number): Promise<void> {
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  let passedMs = 0;
  // Time passes by the second, as fast as the machine lets it.
  const clock = {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + passedMs,
    monotonicMs: () => passedMs,
  };
  const book = new HealthBook({ clock, kind: () => ({ staleAfterS: STALE_S, stream: false }) });
  const before = process.memoryUsage.rss();
  const ids = Array.from({ length: devices }, (_, number) => `device-${number}`);
  const directory = directoryOf(ids);
  const tally = new HealthTally({ book, directory, observer });
  book.listen((id) => tally.judged(id));
  for (const [number, id] of ids.entries()) {
    const parent = number % PER_CABINET === 0 ? null : `device-${number - (number % PER_CABINET)}`;
    book.put({ id, kind: 'kiosk', state: 'in-service', parent });
    tally.changed(id);
  }
  for (const id of ids) book.signal(id, 'connection', { good: true, detail: null });
  const rssMb = (process.memoryUsage.rss() - before) / 1024 / 1024;
  const talking = ids.filter((_, number) => number % PER_CABINET !== 0).slice(0, TALKING);
  const messageNs = timed(MESSAGES, (turn) =>
    book.heard(talking[turn % TALKING]!, { atMs: clock.nowMs(), isTelemetry: true }),
  );
  // Each is lost and comes back, with the ticks in which both are judged: whole cabinets go dark together.
  const changeNs = timed(ROUNDS * TALKING, (turn) => {
    const id = talking[turn % TALKING]!;
    const isLost = Math.floor(turn / TALKING) % 2 === 0;
    book.signal(id, 'connection', { good: !isLost, detail: isLost ? 'lost' : null });
    if (turn % TALKING !== TALKING - 1) return;
    for (let second = 0; second < 16; second += 1) {
      passedMs += 1_000;
      book.tick();
    }
  });
  const tickNs = timed(10_000, () => book.tick());
  const list = new HealthList({ book, tally, directory, database: NO_DATABASE, tree: { area: codeAlone } });
  const listMs = await listed(list);
  tell(
    'health of devices',
    { turn, devices },
    {
      message: [messageNs / 1_000, 'µs'],
      'change and its ticks': [changeNs / 1_000, 'µs'],
      'tick without anything due': [tickNs / 1_000, 'µs'],
      list: [listMs, 'CPU ms'],
      memory: [rssMb, 'MiB'],
      offline: [tally.counts({ lies: () => true, kind: undefined }).offline, 'count'],
    },
  );
}

function directoryOf(ids: readonly string[]): Directory {
  const directory = new Directory(new SecretHasher(Buffer.alloc(32)));
  const secretHash = Buffer.alloc(32);
  directory.fill(
    ids.map((id) => ({
      identity: { id, kind: 'kiosk', kindVersion: 1, jurisdiction: '330212' },
      name: id,
      state: 'in-service',
      parent: null,
      place: [121.5, 29.8],
      secretHash,
      accessClass: 'public',
      version: 1,
    })),
  );
  return directory;
}

/** Milliseconds of processor time of one question which are offline, where none is: the counts alone; median of 21. */
async function listed(list: HealthList): Promise<number> {
  const caller = { ...SYSTEM, jurisdiction: '330200' };
  const times: number[] = [];
  for (let turn = 0; turn < 21; turn += 1) {
    const before = process.cpuUsage();
    await list.list(caller, { limit: 100 });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000);
  }
  return times.sort((one, other) => one - other)[10]!;
}

/** Nanoseconds of one turn. */
function timed(turns: number, run: (turn: number) => void): number {
  const start = process.hrtime.bigint();
  for (let turn = 0; turn < turns; turn += 1) run(turn);
  return Number(process.hrtime.bigint() - start) / turns;
}
