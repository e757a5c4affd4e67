import { add, emptyTally } from '../../gateway/fleet-read-back.ts';
import type { Process } from '../../process-tree.ts';
import { isRunning } from '../../processes.ts';
import { randomFrom } from '../../time/random.ts';
import { until } from '../../time/until.ts';
import { type FaultyGateway, type Scene, settle } from '../faulty-gateway.ts';
import { type KillOrder, MOMENTS, STEPS, type Step } from '../orders.ts';
import type { FaultResult } from '../results.ts';

/** Where the gateway is killed; of a seed that is odd while it starts, of another while it runs. */
export interface Kill {
  step: Step;
  seed: number;
}

export interface KillCampaign {
  kills: readonly Kill[];
  /** Whether everything is read back after each start that is well, or only at the end. */
  checks: 'each start' | 'at the end';
}

/** How long the gateway may take to get to where it is killed. */
const REACH_MS = 30_000;
/** What the kernel and our children have to be gone. */
const ORPHANS_MS = 30_000;

/** Kills the gateway at labelled steps under load, again and again on the same data. */
export async function killAtSteps(scene: Scene, { kills, checks }: KillCampaign): Promise<FaultResult> {
  const { faulty, fleet } = scene;
  const { gateway } = faulty;
  const tally = emptyTally();
  let greenMs = 0;
  let family: Process[] = [];
  for (const [index, { step, seed }] of kills.entries()) {
    const kill = killOf(step, seed);
    family = [...family.filter(({ pid }) => isRunning(pid)), ...gateway.descendants()];
    await (isStarting(seed) ? killStarting(faulty, kill) : killRunning(faulty, kill));
    const killedMs = performance.now();
    await until('nothing of it is left', () => gateway.orphans(family).length === 0, ORPHANS_MS).catch(() => {
      tally.wrong.push(`processes of a killed gateway: ${JSON.stringify(gateway.orphans(family))}`);
    });
    // The next one dies while it catches up with what this one left behind.
    if (!isStarting(seed) && isStarting(kills[index + 1]?.seed ?? 0)) continue;
    await gateway.start();
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - killedMs);
    if (checks === 'at the end') continue;
    const { wrong, ...counts } = await settle(scene);
    add(tally, { ...counts, wrong: wrong.map((fault) => `seed ${seed}, ${kill.nth} × ${kill.moment}: ${fault}`) });
    fleet.go();
  }
  add(tally, await settle(scene));
  return { times: kills.length, tally, greenMs };
}

/** Every other seed counts from the start of the process, which dies while it catches up, or not even that far. */
function isStarting(seed: number): boolean {
  return seed % 2 === 1;
}

/** The same kill for the same seed; a seed names a moment of the step in turn. */
function killOf(step: Step, seed: number): KillOrder {
  const random = randomFrom(seed * STEPS.length + STEPS.indexOf(step));
  const moments = Object.entries(MOMENTS[step]);
  // Seeds in pairs: one kills what runs, the other what starts.
  const [moment, max] = moments[(seed >> 1) % moments.length]!;
  return { step, moment, nth: 1 + Math.floor(random() * max) };
}

async function killRunning(faulty: FaultyGateway, kill: KillOrder): Promise<void> {
  await faulty.order({ kill });
  await untilDead(faulty, kill);
}

async function killStarting(faulty: FaultyGateway, kill: KillOrder): Promise<void> {
  const { gateway } = faulty;
  if (gateway.isRunning) await gateway.stop('SIGKILL');
  await faulty.orderAtStart({ kill });
  await gateway.start().catch((error: Error) => {
    if (!/ended with SIGKILL/.test(error.message)) throw error;
  });
  await untilDead(faulty, kill);
}

async function untilDead({ gateway }: FaultyGateway, { step, moment, nth }: KillOrder): Promise<void> {
  await until(`the gateway is killed at ${step}, ${nth} × ${moment}`, () => !gateway.isRunning, REACH_MS);
}
