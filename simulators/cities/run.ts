import { mkdir, writeFile } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { CommandCentre } from '../centre/centre.ts';
import { Fleet } from '../fleet/fleet.ts';
import { Ledger, readLedger } from '../fleet/ledger.ts';
import { line, type RunHead } from '../fleet/ledger-lines.ts';
import { GatewayClient, GatewayError } from '../gateway-client.ts';
import type { Doors } from '../links/link.ts';
import { Facts } from '../report/facts.ts';
import { judge } from '../report/judge.ts';
import { toPage } from '../report/page.ts';
import { ProcessTree } from '../report/processes.ts';
import type { StoreReader } from '../report/store.ts';
import type { Verdict } from '../report/verdict.ts';
import { measureMachine, refuseTooMuch } from './carry.ts';
import { buildCity, type CityChoice, type SimulatedCity } from './city.ts';
import type { CityFile } from './city-file.ts';
import { lookAtLatest } from './look.ts';
import { Provision } from './provision.ts';
import { isLoopback } from './targets.ts';

export interface RunOptions {
  file: CityFile;
  run: string;
  seed: number;
  scale: number;
  prefix: string;
  forMs: number;
  doors: Doors;
  token: string;
  /** Folder of the ledger, the verdict and the page; made where it is not there. */
  out: string;
  store: StoreReader | null;
  /** A process that is watched with all below it. */
  watchPid: number | null;
  /** Address of the command centre; null judges no alerts. */
  centre: string | null;
  keep: boolean;
  /** How long what was acknowledged may take into the store, after the end. */
  settleMs: number;
  signal: AbortSignal;
  say(text: string): void;
}

const CONNECT_MS = 120_000;
const PROGRESS_MS = 5_000;
const ANSWERS_WAIT_MS = 15_000;
const ALERTS_WAIT_MS = 20_000;
const SETTLE_STEP_MS = 2_000;
/** Planning the first period of a device. */
const PLAN_MS = 0.3;
const BEGIN_AFTER_MS = 1_000;

/**
 * One run of a city: registers it, lets it live for a while, judges what became of what it sent, and clears up. What
 * was made is removed also when something fails on the way.
 */
export async function runCity(options: RunOptions): Promise<Verdict> {
  const { file, seed, scale, prefix, doors, token, say } = options;
  const choice: CityChoice = { seed, scale, prefix, beginAtMs: 0 };
  const city = buildCity(file, choice);
  refuseTooMuch(city, measureMachine(city), { scale, beside: isLoopback(doors) });
  const gateway = new GatewayClient(doors.http.href, token);
  const provision = new Provision(gateway, prefix);
  await mkdir(options.out, { recursive: true });
  const ledgerPath = join(options.out, 'ledger.txt');
  say(`${file.title.en}: ${city.citizens.length} devices, about ${city.messagesPerS.toFixed(1)} messages a second`);
  say(`All names begin with ${prefix}; simulate --clean ${prefix} removes what a killed run leaves`);
  const ledger = await Ledger.create(ledgerPath);
  try {
    await live(options, { city, choice, provision, ledger });
    await ledger.close();
    const verdict = await settle(ledgerPath, options);
    await writeFile(join(options.out, 'verdict.json'), `${JSON.stringify(verdict, null, 1)}\n`);
    await writeFile(join(options.out, 'report.html'), toPage(verdict));
    return verdict;
  } finally {
    if (!options.keep) {
      const { removed, left } = await provision.clean();
      say(`Removed ${removed} things of the city`);
      for (const text of left) say(`Left behind: ${text}`);
    }
  }
}

interface Parts {
  city: SimulatedCity;
  choice: CityChoice;
  provision: Provision;
  ledger: Ledger;
}

async function live(options: RunOptions, { city, choice, provision, ledger }: Parts): Promise<void> {
  const { doors, run, signal, say } = options;
  const centre = await startCentre(options, provision, ledger);
  const nowMs = Date.now;
  const read = await provision.readToken(provinceOf(options.file));
  await provision.watch(city.plates, provinceOf(options.file));
  const secrets = await provision.register(city.citizens, (done) => say(`Registered ${done}`));
  const members = city.citizens.map(({ sender, speech, district }) => {
    return { sender, speech, district, secret: secrets.get(sender.being.id) ?? '' };
  });
  const fleet = new Fleet({ run, members, doors, ledger, ownAddresses: isLoopback(doors), nowMs });
  try {
    await fleet.connect(CONNECT_MS, signal);
    const beginAtMs = nowMs() + BEGIN_AFTER_MS + Math.ceil(members.length * PLAN_MS);
    const begun = buildCity(options.file, { ...choice, beginAtMs });
    ledger.add(line.head(headOf(options, beginAtMs)));
    for (const one of begun.befallen) ledger.add(line.befallen(one));
    fleet.begin(beginAtMs, { world: begun.world, senders: begun.citizens.map(({ sender }) => sender) });
    await watch(options, { fleet, ledger, endAtMs: beginAtMs + options.forMs });
    fleet.pause();
    await until(() => fleet.waiting === 0, ANSWERS_WAIT_MS);
    const endedAtMs = nowMs();
    if (centre) await until(() => heardAll(begun, centre, endedAtMs), ALERTS_WAIT_MS);
    const reader = new GatewayClient(doors.http.href, read);
    for (const look of await lookAtLatest(reader, begun.citizens, fleet.newest())) ledger.add(line.looked(look));
  } finally {
    fleet.pause();
    await fleet.close();
    await centre?.stop();
  }
}

/** The prefecture of a city: all of its districts lie in it. */
function provinceOf({ districts }: CityFile): string {
  return `${(districts[0] ?? '').slice(0, 4)}00`;
}

function headOf({ run, file, seed, scale, prefix, doors }: RunOptions, beganAtMs: number): RunHead {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${cpus().length} x ${cpu?.model ?? arch()}, ${memory}, Linux ${release()}, Node ${process.version}`;
  return { run, city: file.city, seed, scale, prefix, gateway: doors.http.origin, beganAtMs, machine };
}

/** A gateway that refuses the command centre still gets its devices; alerts are not judged then. */
async function startCentre({ centre: host, file, say }: RunOptions, provision: Provision, ledger: Ledger) {
  if (host === null) return null;
  const centre = new CommandCentre({
    host,
    onEntry: ({ receivedAtMs, webhookId, alertId, type, device, place, verdict, duplicate }) =>
      ledger.add(
        line.delivered({
          atMs: receivedAtMs,
          webhook: webhookId,
          alert: alertId,
          type,
          device,
          place,
          verdict,
          isRepeat: duplicate,
        }),
      ),
  });
  await centre.start();
  try {
    centre.secrets = [await provision.subscribe(centre.url, provinceOf(file))];
    return centre;
  } catch (error) {
    await centre.stop();
    if (!(error instanceof GatewayError)) throw error;
    say(`Alerts are not judged, as the gateway sends none to ${centre.url}: ${error.message}`);
    return null;
  }
}

function heardAll(city: SimulatedCity, centre: CommandCentre, endedAtMs: number): boolean {
  const heard = new Set(centre.ledger.map(({ device }) => device));
  return city.befallen.every((one) => one.alertWithinMs === null || one.fromMs > endedAtMs || heard.has(one.device));
}

interface Watched {
  fleet: Fleet;
  ledger: Ledger;
  endAtMs: number;
}

/** Lets the fleet run to its end, and writes down how it and the machine are. */
async function watch(options: RunOptions, { fleet, ledger, endAtMs }: Watched): Promise<void> {
  const { watchPid, signal, say } = options;
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const [before, beganMs] = [process.cpuUsage(), performance.now()];
  const own = new ProcessTree(process.pid);
  const others = watchPid === null ? null : new ProcessTree(watchPid);
  const look = (): void => {
    const ours = own.look(Date.now()).map((one) => ({ ...one, name: 'simulator' }));
    for (const one of [...ours, ...(others?.look(Date.now()) ?? [])]) ledger.add(line.process(one));
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

/** Judges, and again while something is still on its way into the store. */
async function settle(ledgerPath: string, { store, file, settleMs, say, signal }: RunOptions): Promise<Verdict> {
  const untilMs = Date.now() + settleMs;
  for (;;) {
    const verdict = await judge(await Facts.of(readLedger(ledgerPath)), store, file.promises);
    const missing = verdict.kinds.reduce((all, { lost }) => all + (lost ?? 0), 0);
    if (missing === 0 || store === null || Date.now() > untilMs || signal.aborted) return verdict;
    say(`${missing} records are not in the store yet`);
    await pause(SETTLE_STEP_MS, signal);
  }
}

async function until(isDone: () => boolean, mostMs: number): Promise<void> {
  const endMs = Date.now() + mostMs;
  while (!isDone() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 100));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
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
