import type { Test } from 'tap';
import { Fleet } from '../gateway/fleet.ts';
import { Gateway } from '../gateway/gateway.ts';
import { lentServices } from '../services/shared-database.ts';
import { lasts } from '../time/lasting.ts';
import { until } from '../time/until.ts';

export interface Outage {
  kind: 'hangs' | 'is killed again and again';
  /** InfluxDB is away until so many messages are acknowledged. */
  messages: number;
  perSecond: number;
}

/** Between two kills: shorter than influxd needs to be of use. */
const KILL_EVERY_MS = 400;
/** A busy machine takes several times what a quiet one does. */
const AWAY_MS_MAX = 300_000;

/** InfluxDB is away under load: acknowledgements go on meanwhile, and afterwards everything arrives. */
export async function influxOutage(t: Test, { kind, messages, perSecond }: Outage): Promise<void> {
  const gateway = await Gateway.start(t, await lentServices(t));
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond });
  fleet.go();
  await until('messages are acknowledged', () => fleet.acked > perSecond / 2);
  const before = fleet.acked;
  const isOver = (): boolean => fleet.acked >= before + messages;
  const over = (): Promise<unknown> => until('acknowledgements go on', isOver, AWAY_MS_MAX);
  if (kind === 'hangs') t.match(await hangInflux(gateway, over), [/^influx: /], 'its light alone is not green');
  else await killRepeatedly(gateway, isOver);
  await gateway.untilGreen();
  await fleet.stop();
  t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
  t.same(await fleet.faults(), []);
}

/** InfluxDB hangs during `meanwhile` and until it is told; resolves with the lights that were not green at its end. */
export async function hangInflux(gateway: Gateway, meanwhile: () => Promise<unknown>): Promise<string[]> {
  const pid = gateway.server('influxd');
  process.kill(pid, 'SIGSTOP');
  try {
    await meanwhile();
    return await until('it is told', async () => some(await gateway.notGreen()), 60_000);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

const some = <Item>(items: Item[]): Item[] | null => (items.length > 0 ? items : null);

async function killRepeatedly(gateway: Gateway, isOver: () => boolean): Promise<void> {
  const killing = async (): Promise<boolean> => {
    const influxd = gateway.descendants().find(({ program }) => program === 'influxd');
    if (influxd) process.kill(influxd.pid, 'SIGKILL');
    await lasts(KILL_EVERY_MS);
    return isOver();
  };
  await until('acknowledgements go on', killing, AWAY_MS_MAX);
}
