import { add, emptyTally } from '../../gateway/fleet-read-back.ts';
import { lasts } from '../../time/lasting.ts';
import { until } from '../../time/until.ts';
import { type Scene, settle } from '../faulty-gateway.ts';
import type { FaultResult } from '../results.ts';
import type { SmallDisk } from '../small-disk.ts';

const RESUMES_MS = 60_000;

export interface FullDisk {
  disk: SmallDisk;
  /** What is left when it counts as full. */
  leaveBytes: number;
  lastsMs: number;
}

/**
 * The journal's disk is filled under load: nothing is acknowledged, senders by HTTP are told when to come again, and
 * health names it. Every other time the gateway is killed meanwhile. Freed, it goes on by itself.
 */
export async function fillJournalDisk(scene: Scene, times: number, full: FullDisk): Promise<FaultResult> {
  const { faulty, fleet } = scene;
  const { gateway } = faulty;
  const tally = emptyTally();
  let greenMs = 0;
  for (let time = 0; time < times; time += 1) {
    fleet.go();
    full.disk.fill(full.leaveBytes);
    await until('health names it', async () => (await gateway.notGreen()).some((light) => /^journal: /.test(light)));
    const { acked } = fleet;
    await lasts(full.lastsMs);
    // What was on its way into the journal when the last bytes were taken may still be acknowledged.
    const { acked: later } = fleet;
    await lasts(full.lastsMs);
    if (fleet.acked > later) tally.wrong.push(`${fleet.acked - later} messages acknowledged on a full disk`);
    tally.wrong.push(...told(scene));
    if (time % 2 === 1) await gateway.stop('SIGKILL');
    // With its reserve it starts on a full disk and only takes nothing in; without a byte left it cannot.
    const startsFull = full.leaveBytes > 0;
    if (!gateway.isRunning && startsFull) await gateway.start();
    full.disk.free();
    const freedMs = performance.now();
    if (!gateway.isRunning) await gateway.start();
    await until('acknowledgements go on', () => fleet.acked > acked + 100, RESUMES_MS);
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - freedMs);
    add(tally, await settle(scene));
  }
  return { times, tally, greenMs };
}

function told({ fleet }: Scene): string[] {
  const isTold = fleet.http.every(({ statuses, retryAfter }) => statuses.has(503) && retryAfter.has(503));
  return isTold ? [] : ['senders by HTTP were not told to come again by a 503 with Retry-After'];
}

/** The disk of the gateway's own InfluxDB is filled under load: acknowledgements go on, health names it. */
export async function fillInfluxDisk(scene: Scene, times: number, full: FullDisk): Promise<FaultResult> {
  const { faulty, fleet } = scene;
  const { gateway } = faulty;
  const tally = emptyTally();
  let greenMs = 0;
  for (let time = 0; time < times; time += 1) {
    fleet.go();
    full.disk.fill(full.leaveBytes);
    const named = async () => (await gateway.notGreen()).some((light) => /^influx: /.test(light));
    await until('health names it', named, RESUMES_MS);
    const { acked } = fleet;
    await lasts(full.lastsMs);
    if (fleet.acked < acked + 100) tally.wrong.push('acknowledgements did not go on meanwhile');
    full.disk.free();
    const freedMs = performance.now();
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - freedMs);
    add(tally, await settle(scene));
    // What it acknowledged and kept in memory only would be gone now.
    process.kill(gateway.server('influxd'), 'SIGKILL');
    await gateway.untilGreen();
  }
  return { times, tally, greenMs };
}
