import type { Test } from 'tap';
import { Fleet } from '../../gateway/fleet.ts';
import { add, emptyTally } from '../../gateway/fleet-read-back.ts';
import { randomFrom } from '../../time/random.ts';
import { until } from '../../time/until.ts';
import { FaultyGateway, type Scene, settle } from '../faulty-gateway.ts';
import type { DiskOrder } from '../orders.ts';
import type { FaultResult } from '../results.ts';

/** A disk that fails in one way. */
export interface DiskFault {
  /** What the row of the results is called. */
  name: string;
  orders: DiskOrder[];
  /** A write that is only cut short is finished by the next call and fails nobody. */
  harmless?: boolean;
}

const GIVEN_UP = /its file is given up/g;
/** Acknowledged after the fault: the gateway goes on. */
const GOES_ON = 100;
const CHECK_EVERY = 8;

/** Faults of the n-th call, for each n in `first` and for `further` ones of the seed. */
export function diskFaults({ first, seed, further }: { first: number[]; seed: number; further: number }): DiskFault[] {
  const random = randomFrom(seed);
  const all = [...first, ...Array.from({ length: further }, () => 1 + Math.floor(random() * 100))];
  const each = (name: string, { call, error }: Pick<DiskOrder, 'call' | 'error'>): DiskFault[] =>
    all.map((nth) => ({ name, orders: [{ call, error, nth, times: 1 }], harmless: error === 'short' }));
  return [
    ...each('EIO on the n-th fsync of the journal', { call: 'sync', error: 'EIO' }),
    ...each('EIO on its n-th write', { call: 'write', error: 'EIO' }),
    ...each('ENOSPC on its n-th write', { call: 'write', error: 'ENOSPC' }),
    ...each('short n-th write', { call: 'write', error: 'short' }),
    {
      name: 'EROFS on five writes and three new files',
      orders: [
        { call: 'write', error: 'EROFS', nth: 2, times: 5 },
        { call: 'create', error: 'EROFS', nth: 1, times: 3 },
      ],
    },
    { name: 'EIO on four fsyncs in a row', orders: [{ call: 'sync', error: 'EIO', nth: 2, times: 4 }] },
  ];
}

/** The journal's disk fails under load in each of these ways; the gateway is killed after each `killEvery`-th one. */
export async function failDisk(scene: Scene, faults: DiskFault[], { killEvery = 2 } = {}): Promise<FaultResult> {
  const { faulty, fleet } = scene;
  const { gateway } = faulty;
  const tally = emptyTally();
  let greenMs = 0;
  for (const [index, { name, orders, harmless = false }] of faults.entries()) {
    const before = gateway.output.match(GIVEN_UP)?.length ?? 0;
    const isGivenUp = () => (gateway.output.match(GIVEN_UP)?.length ?? 0) > before;
    const startMs = performance.now();
    await faulty.order({ disk: orders });
    if (!harmless) await until(`the journal met ${name}`, isGivenUp);
    const { acked } = fleet;
    await until(`acknowledgements go on after ${name}`, () => fleet.acked >= acked + GOES_ON, 60_000);
    if (index % killEvery === killEvery - 1) {
      await gateway.stop('SIGKILL');
      await gateway.start();
    }
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - startMs);
    if (index % CHECK_EVERY !== CHECK_EVERY - 1) continue;
    add(tally, await settle(scene));
    fleet.go();
  }
  add(tally, await settle(scene));
  return { times: faults.length, tally, greenMs };
}

/** The repair of the journal at a start meets an EIO: the gateway says so, ends, and the next start is well. */
export async function failDiskAtStart(t: Test): Promise<void> {
  const faulty = await FaultyGateway.start(t);
  const { gateway } = faulty;
  const fleet = await Fleet.connect(t, gateway, { devices: 2, http: 1, perSecond: 100 });
  fleet.go();
  await until('messages are acknowledged', () => fleet.acked > 50);
  await gateway.stop('SIGKILL');
  await faulty.orderAtStart({ disk: [{ call: 'sync', error: 'EIO', nth: 1, times: 1 }] });
  await t.rejects(gateway.start(), /ended with 1: .*EIO/s, 'it ends with what the disk said');
  await gateway.start();
  await gateway.untilGreen();
  await fleet.stop();
  t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
  t.same(await fleet.faults(), []);
}
