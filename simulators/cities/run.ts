import { mkdir, writeFile } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { Fleet } from '../fleet/fleet.ts';
import { Ledger, readLedger } from '../fleet/ledger.ts';
import { line, type RunHead } from '../fleet/ledger-lines.ts';
import { GatewayClient, GatewayError } from '../gateway-client.ts';
import type { Doors } from '../links/link.ts';
import { firstAddressOf, livePart } from '../parts/part-run.ts';
import { type Part, refuseLate, shareOf } from '../parts/share.ts';
import { PowerWatch } from '../power/power-watch.ts';
import { seeded } from '../random.ts';
import { Facts } from '../report/facts.ts';
import { judge } from '../report/judge.ts';
import { toPage } from '../report/shown/page.ts';
import type { StoreReader } from '../report/store.ts';
import type { Verdict } from '../report/verdict.ts';
import { CameraSet, camerasOf } from './cameras/camera-set.ts';
import { measureMachine, refuseTooMuch } from './carry.ts';
import { buildCity, type CityChoice, type SimulatedCity } from './city.ts';
import { type CityFile, CityFileError } from './city-file.ts';
import { FaultRun } from './fault-run.ts';
import { refuseFaults } from './faults.ts';
import { Hearing, until } from './hearing.ts';
import { lookAcross } from './looks/across.ts';
import { countedBetween, readBooks, readBooksAfter } from './looks/books.ts';
import { lookAtLatest } from './looks/latest.ts';
import { StageWatch } from './looks/stages.ts';
import { Provision } from './provision.ts';
import { isLoopback } from './targets.ts';
import { pause, watch } from './watch.ts';

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
  /** A folder on the file system of the gateway's journal, which a timeline may fill. */
  fillDir: string | null;
  /** Whether it is looked by strace if that process answers only what is on the disk. */
  power: boolean;
  /** Address of the command centre; null judges no alerts. */
  centre: string | null;
  keep: boolean;
  /** Where several generators are one city. */
  part: Part | null;
  /** How long what was acknowledged may take into the store, after the end. */
  settleMs: number;
  signal: AbortSignal;
  say(text: string): void;
}

const CONNECT_MS = 120_000;
const ANSWERS_WAIT_MS = 15_000;
const BOOKS_WAIT_MS = 20_000;
const SETTLE_STEP_MS = 2_000;
/** Planning the first period of a device. */
const PLAN_MS = 0.3;
const BEGIN_AFTER_MS = 1_000;

/**
 * One run of a city: registers it, lets it live for a while, judges what became of what it sent, and clears up. What
 * was made is removed also when something fails on the way. Null of a part of a city, which only leaves a ledger.
 */
export async function runCity(options: RunOptions): Promise<Verdict | null> {
  const { file, seed, scale, prefix, doors, token, say } = options;
  const choice: CityChoice = { seed, scale, prefix, beginAtMs: 0 };
  const city = shareOf(buildCity(file, choice), options.part);
  refuseFaults(city, options);
  refusePower(options);
  refuseCameras(options);
  refuseTooMuch(city, measureMachine(city), {
    scale,
    beside: isLoopback(doors),
    cameras: camerasOf(file, city, options).length,
  });
  const gateway = new GatewayClient(doors.http.href, token);
  const provision = new Provision(gateway, prefix);
  await mkdir(options.out, { recursive: true });
  const ledgerPath = join(options.out, 'ledger.txt');
  say(`${file.title.en}: ${city.citizens.length} devices, about ${city.messagesPerS.toFixed(1)} messages a second`);
  say(`All names begin with ${prefix}; simulate --clean ${prefix} removes what a killed run leaves`);
  const ledger = await Ledger.create(ledgerPath);
  try {
    const { part } = options;
    if (part && part.index > 1) await livePart(options, part, ledger);
    else await live(options, { city, choice, provision, ledger });
    await ledger.close();
    // A part knows too little of the others to be judged.
    if (part) return null;
    return await writeVerdict(await settle(ledgerPath, options), options.out);
  } finally {
    if (!options.keep && !options.part) {
      const { removed, left } = await provision.clean();
      say(`Removed ${removed} things of the city`);
      for (const text of left) say(`Left behind: ${text}`);
    }
  }
}

/** Puts a verdict and its page beside the ledger. */
export async function writeVerdict(verdict: Verdict, out: string): Promise<Verdict> {
  await writeFile(join(out, 'verdict.json'), `${JSON.stringify(verdict, null, 1)}\n`);
  await writeFile(join(out, 'report.html'), toPage(verdict));
  return verdict;
}

interface Parts {
  city: SimulatedCity;
  choice: CityChoice;
  provision: Provision;
  ledger: Ledger;
}

async function live(options: RunOptions, parts: Parts): Promise<void> {
  const cameras = await CameraSet.start(camerasOf(options.file, parts.city, options), isLoopback(options.doors));
  try {
    await liveWith(options, parts, cameras);
  } finally {
    await cameras?.stop();
  }
}

async function liveWith(options: RunOptions, parts: Parts, cameras: CameraSet | null): Promise<void> {
  const { city, choice, provision, ledger } = parts;
  const { doors, run, signal, say } = options;
  const nowMs = Date.now;
  const admin = new GatewayClient(doors.http.href, options.token);
  const readToken = await provision.readToken(provinceOf(options.file));
  const reader = new GatewayClient(doors.http.href, readToken);
  const hearing = await Hearing.start(options, { provision, ledger, reader, jurisdiction: provinceOf(options.file) });
  await provision.watch(city.plates, provinceOf(options.file));
  const told = (done: number): void => say(`Registered ${done}`);
  const secrets = await provision.register(city.citizens, told, cameras?.doors);
  const faults = await faultsOf(options, { city, ledger });
  const members = city.citizens.map(({ sender, speech, district }) => {
    return { sender, speech, district, secret: secrets.get(sender.being.id) ?? '', doors: faults.doorsOf(district) };
  });
  const { part } = options;
  const addressesFrom = part ? firstAddressOf(part) : 0;
  const fleet = new Fleet({ run, members, doors, ledger, ownAddresses: isLoopback(doors), addressesFrom, nowMs });
  // Before devices connect: what is said on a connection that is half over cannot be followed.
  const power = await powerOf(options);
  try {
    await fleet.connect(CONNECT_MS, signal);
    if (part) refuseLate(part, nowMs());
    const beginAtMs = part?.beginAtMs ?? nowMs() + BEGIN_AFTER_MS + Math.ceil(members.length * PLAN_MS);
    const begun = shareOf(buildCity(options.file, { ...choice, beginAtMs }), part);
    ledger.add(line.head(headOf(options, beginAtMs)));
    for (const one of begun.befallen) ledger.add(line.befallen(one));
    const books = await readBooks(admin);
    fleet.begin(beginAtMs, { world: begun.world, senders: begun.citizens.map(({ sender }) => sender) });
    faults.begin(begun, fleet);
    await cameras?.begin(begun, doors.http.href, readToken);
    const stages = new StageWatch({ gateway: admin, ledger, nowMs });
    await watch(options, { fleet, ledger, stages, endAtMs: beginAtMs + options.forMs });
    fleet.pause();
    await faults.stop();
    await until(() => fleet.waiting === 0, ANSWERS_WAIT_MS);
    if (power) ledger.add(line.power(await power.finish()));
    for (const one of fleet.owed()) ledger.add(line.owed(one));
    await cameras?.finish(ledger);
    const endedAtMs = nowMs();
    await hearing?.finish(begun.befallen, endedAtMs);
    const after = await readBooksAfter(admin, { before: books, acked: fleet.counts.acked, mostMs: BOOKS_WAIT_MS });
    const kinds = begun.citizens.map(({ sender }) => sender.model.kind);
    for (const one of countedBetween(books, after, kinds)) ledger.add(line.counted(one));
    if (options.file.districts.length > 1) await lookFromDistrict(options, { city: begun, provision, ledger });
    for (const look of await lookAtLatest(reader, begun.citizens, fleet.newest())) ledger.add(line.looked(look));
  } finally {
    fleet.pause();
    await power?.finish();
    await faults.close();
    await fleet.close();
    await hearing?.stop();
  }
}

/** Looks as somebody does who may see the first district alone. */
async function lookFromDistrict({ file, doors, say }: RunOptions, { city, provision, ledger }: Omit<Parts, 'choice'>) {
  const [district = ''] = file.districts;
  try {
    const reader = new GatewayClient(doors.http.href, await provision.readToken(district));
    ledger.add(line.refusal(await lookAcross(reader, city.citizens, district)));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    say(`What ${district} is shown of other districts is not judged: ${error.message}`);
  }
}

function faultsOf(options: RunOptions, { city, ledger }: Pick<Parts, 'city' | 'ledger'>): Promise<FaultRun> {
  const { doors, token, file, seed } = options;
  return FaultRun.open(city, {
    ...options,
    ownAddresses: isLoopback(doors),
    wellWithinMs: file.promises.wellWithinS * 1_000,
    ledger,
    gateway: new GatewayClient(doors.http.href, token),
    random: seeded(`${seed}-faults`),
  });
}

function refusePower({ power, watchPid }: RunOptions): void {
  if (!power || watchPid !== null) return;
  throw new CityFileError('--power needs --watch-pid PID of a gateway on this machine, or no --gateway');
}

function refuseCameras({ file, part }: RunOptions): void {
  if (part === null || file.fleets.every(({ video }) => video === undefined)) return;
  throw new CityFileError('--part: cameras with video are one process on one machine; leave video out of the file');
}

async function powerOf({ power, watchPid, run, say }: RunOptions): Promise<PowerWatch | null> {
  if (!power || watchPid === null) return null;
  say('strace watches the gateway, which makes it slow');
  return PowerWatch.start(watchPid, run);
}

/** The prefecture of a city: all of its districts lie in it. */
function provinceOf({ districts }: CityFile): string {
  return `${(districts[0] ?? '').slice(0, 4)}00`;
}

export function headOf(options: RunOptions, beganAtMs: number): RunHead {
  const { run, file, seed, scale, prefix, doors, part: own } = options;
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${cpus().length} x ${cpu?.model ?? arch()}, ${memory}, Linux ${release()}, Node ${process.version}`;
  const part = own ? `${own.index}/${own.of}` : '1/1';
  return { run, city: file.city, seed, scale, prefix, gateway: doors.http.origin, beganAtMs, machine, part };
}

/** Judges, and again while something is still on its way into the store. */
export async function settle(ledgerPath: string, { store, file, settleMs, say, signal }: RunOptions): Promise<Verdict> {
  const untilMs = Date.now() + settleMs;
  for (;;) {
    const verdict = await judge(await Facts.of(readLedger(ledgerPath)), store, file.promises);
    const missing = verdict.kinds.reduce((all, { lost }) => all + (lost ?? 0), 0);
    if (missing === 0 || store === null || Date.now() > untilMs || signal.aborted) return verdict;
    say(`${missing} records are not in the store yet`);
    await pause(SETTLE_STEP_MS, signal);
  }
}
