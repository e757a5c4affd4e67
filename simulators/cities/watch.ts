import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Fleet } from '../fleet/fleet.ts';
import type { Ledger } from '../fleet/ledger.ts';
import { line } from '../fleet/ledger-lines.ts';
import { ProcessTree } from '../report/processes.ts';
import type { StageWatch } from './looks/stages.ts';

const PROGRESS_MS = 5_000;

export interface WatchOptions {
  /** A process that is watched with all below it. */
  watchPid: number | null;
  signal: AbortSignal;
  say(text: string): void;
}

interface Watched {
  fleet: Fleet;
  ledger: Ledger;
  /** What the target says of its stages; null asks nobody. */
  stages: Pick<StageWatch, 'look'> | null;
  endAtMs: number;
}

/** Lets the fleet run to its end, and writes down how it and the machine are. */
export async function watch(options: WatchOptions, { fleet, ledger, stages, endAtMs }: Watched): Promise<void> {
  const { watchPid, signal, say } = options;
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const [before, beganMs] = [process.cpuUsage(), performance.now()];
  const own = new ProcessTree(process.pid);
  const others = watchPid === null ? null : new ProcessTree(watchPid, process.pid);
  const look = (): void => {
    const ours = own.look(Date.now()).map((one) => ({ ...one, name: 'simulator' }));
    for (const one of [...ours, ...(others?.look(Date.now()) ?? [])]) ledger.add(line.process(one));
    void stages?.look();
  };
  look();
  while (Date.now() < endAtMs && !signal.aborted) {
    await pause(Math.min(PROGRESS_MS, endAtMs - Date.now()), signal);
    look();
    const { sent, acked, refused, late, up } = fleet.counts;
    const leftS = Math.max(0, Math.round((endAtMs - Date.now()) / 1_000));
    const p99 = fleet.answers.quantile(0.99);
    say(`${leftS} s left: ${up} up, ${sent} sent, ${acked} acked, ${refused} refused, ${late} late, p99 ${p99} ms`);
  }
  await stages?.look();
  loop.disable();
  ledger.add(line.self(selfOf(fleet, loop, { before, beganMs })));
}

function selfOf(
  fleet: Fleet,
  loop: ReturnType<typeof monitorEventLoopDelay>,
  since: { before: NodeJS.CpuUsage; beganMs: number },
) {
  const { user, system } = process.cpuUsage(since.before);
  const tookMs = performance.now() - since.beganMs;
  return {
    sent: fleet.counts.sent,
    late: fleet.counts.late,
    lateP99Ms: fleet.lateness.quantile(0.99),
    loopP99Ms: Math.max(0, Math.round(loop.percentile(99) / 1e6 - 10)),
    cpuShare: Math.round(((user + system) / 1_000 / tookMs) * 1_000) / 1_000,
    rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    endedAtMs: Date.now(),
  };
}

/** Waits so long, or until the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
