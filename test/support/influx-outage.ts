import type { Test } from 'tap';
import { Fleet } from './fleet.ts';
import { Gateway } from './gateway.ts';
import { lasts } from './lasting.ts';

export interface Outage {
  kind: 'hangs' | 'is killed again and again';
  /** How long InfluxDB is away. */
  lastsMs: number;
  perSecond: number;
}

/** Between two kills: shorter than influxd needs to be of use. */
const KILL_EVERY_MS = 400;
/** A share of the wanted rate that must still be acknowledged; the machine is busy with InfluxDB's restarts. */
const ACKED_SHARE_MIN = 0.8;

/** InfluxDB is away under load: acknowledgements go on meanwhile, and afterwards everything arrives. */
export async function influxOutage(t: Test, { kind, lastsMs, perSecond }: Outage): Promise<void> {
  const gateway = await Gateway.start(t);
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond });
  fleet.go();
  await lasts(500);
  const before = fleet.acked;
  if (kind === 'hangs') t.match(await hang(gateway, lastsMs), [/^influx: /], 'its light alone is not green');
  else await killRepeatedly(gateway, lastsMs);
  const during = fleet.acked - before;
  t.comment(`${during} messages acknowledged in the ${lastsMs / 1000} s without InfluxDB`);
  t.ok(during >= (perSecond * lastsMs * ACKED_SHARE_MIN) / 1000, 'acknowledgements went on');
  const backMs = performance.now();
  await gateway.untilGreen();
  t.comment(`green ${Math.round(performance.now() - backMs)} ms after its return`);
  await fleet.stop();
  t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
  t.comment(`drained ${Math.round(performance.now() - backMs)} ms after its return`);
  t.same(await fleet.faults(), []);
}

/** Resolves with the lights that were not green at its end. */
async function hang(gateway: Gateway, lastsMs: number): Promise<string[]> {
  const pid = gateway.server('influxd');
  process.kill(pid, 'SIGSTOP');
  try {
    await lasts(lastsMs);
    return await gateway.notGreen();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

async function killRepeatedly(gateway: Gateway, lastsMs: number): Promise<void> {
  const endMs = performance.now() + lastsMs;
  while (performance.now() < endMs) {
    const influxd = gateway.descendants().find(({ program }) => program === 'influxd');
    if (influxd) process.kill(influxd.pid, 'SIGKILL');
    await lasts(KILL_EVERY_MS);
  }
}
