import { HOUR_MS } from '../../../../src/core/clock.ts';
import { add, emptyTally } from '../../gateway/fleet-read-back.ts';
import { lasts } from '../../time/lasting.ts';
import { until } from '../../time/until.ts';
import { type Scene, settle } from '../faulty-gateway.ts';
import type { FaultResult } from '../results.ts';

/** The clock goes a day ahead, is put right, an hour back, and is put right. */
const CLOCKS_MS = [24 * HOUR_MS, 0, -HOUR_MS, 0];
const CAMERAS = 5;
/** The rule camera-offline waits 30 s. */
const SILENT_MS = 30_000;

/**
 * The gateway's wall clock is set under load, and stays so for `staysMs` each time, which must be less than the rule
 * for silent cameras waits: none of them may be called offline because of it.
 */
export async function setClocks(scene: Scene, staysMs: number): Promise<FaultResult> {
  const { faulty, fleet } = scene;
  const { gateway } = faulty;
  if (staysMs >= SILENT_MS / 2) throw new Error('cameras that are really silent would be told');
  const tally = emptyTally();
  let greenMs = 0;
  for (let camera = 0; camera < CAMERAS; camera += 1) await gateway.register({ id: `dark-${camera}`, kind: 'camera' });
  for (const clockMs of CLOCKS_MS) {
    const startMs = performance.now();
    await faulty.order({ clockMs });
    const { acked } = fleet;
    await until('acknowledgements go on', () => fleet.acked > acked + 100);
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - startMs);
    await lasts(staysMs);
    const { items } = await gateway.get('/alerts?rule=camera-offline');
    if (items.length > 0) tally.wrong.push(`${items.length} cameras are offline by a clock set to ${clockMs} ms`);
    if (clockMs < 0) tally.wrong.push(...(await unbelieved(scene)));
  }
  add(tally, await settle(scene));
  return { times: CLOCKS_MS.length, tally, greenMs };
}

/** A reading with the right time is of the future for a gateway whose clock is an hour late: it is kept, and marked. */
async function unbelieved({ faulty: { gateway } }: Scene): Promise<string[]> {
  const id = 'right-clock';
  const token = `${id}:${await gateway.register({ id })}`;
  const body = { ts: Date.now(), values: { weight_kg: 1 } };
  const { body: answer } = await gateway.api('POST', `/devices/${id}/telemetry`, { body, token });
  const story = async () => (await gateway.get(`/messages?id=${answer.receipt}`)).items[0]?.stages ?? [];
  await until('it is stored', async () => (await story()).at(-1)?.outcome === 'stored');
  const told = (await story()).some(({ detail }: { detail?: string }) => /not believed/.test(detail ?? ''));
  return told ? [] : [`the time of ${answer.receipt} is an hour ahead and was believed`];
}
