import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { runDriven } from '../drivers/driven-run.ts';
import { type Driver, DriverError, readDriver } from '../drivers/driver.ts';
import { UndoFile } from '../faults/undo.ts';
import { readLedger } from '../fleet/ledger.ts';
import { GatewayClient } from '../gateway-client.ts';
import { MergeError, mergedLedger } from '../parts/merge.ts';
import { type Part, parsePart } from '../parts/share.ts';
import { recordTraffic } from '../record/record.ts';
import { RecordingError, readRecording, writeRecording } from '../record/recording.ts';
import { replay } from '../record/replay.ts';
import { compare } from '../report/compare.ts';
import { Facts } from '../report/facts.ts';
import { judge } from '../report/judge.ts';
import { toPage } from '../report/shown/page.ts';
import { toLines } from '../report/shown/text.ts';
import { InfluxStore, storeAddress } from '../report/store.ts';
import { type Verdict, verdict as verdictSchema } from '../report/verdict.ts';
import { durationOf, type Given, HELP, numberOf, readArguments, UsageError } from './arguments.ts';
import { type CityFile, CityFileError, parseCityFile, readCityFile } from './city-file.ts';
import { cityOfOne, tellDevice } from './device-alone.ts';
import { Provision } from './provision.ts';
import { rampCity } from './ramp.ts';
import { rampText } from './ramp-search.ts';
import { type RunOptions, runCity, writeVerdict } from './run.ts';
import { doorsOf, TargetError } from './targets.ts';

/** A replay has devices of its own, and is held to what every run is held to. */
const EMPTY = parseCityFile(
  `{ city: replay, title: { zh: 重放, en: Replay }, plan: none, home: 京A, middle: { lat: 0, lon: 0, radiusKm: 1 },
     districts: ["000000"], fleets: [{ name: none, kind: site, count: 1 }] }`,
  'replay',
);

function required(given: Given, name: 'gateway' | 'token-file' | 'out'): string {
  return given[name] ?? fail(`--${name} is missing`);
}

function fail(text: string): never {
  throw new UsageError(text);
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => fail(`${path} cannot be read`));
}

async function storeOf(path: string | undefined, driver: Driver | null = null): Promise<InfluxStore | null> {
  if (path === undefined) return null;
  const text = await read(path);
  try {
    return new InfluxStore(storeAddress.parse(JSON.parse(text)), driver?.storeWords);
  } catch {
    return fail(`${path}: is no JSON of url, username, password and database`);
  }
}

/** Aborted by Ctrl-C; a second one ends at once. */
function untilAsked(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending.abort();
      process.once(signal, () => process.exit(1));
    });
  }
  return ending.signal;
}

/** What the devices of a gateway said until now, as far back as is said. */
async function record(given: Given, file: string): Promise<number> {
  const { http } = doorsOf({ ...given, gateway: required(given, 'gateway') }, null);
  const token = (await read(required(given, 'token-file'))).trim();
  const toMs = Date.now();
  const recording = await recordTraffic({
    gateway: new GatewayClient(http.href, token),
    origin: http.origin,
    fromMs: toMs - durationOf(given.for ?? '10m'),
    toMs,
    say,
    signal: untilAsked(),
  });
  await writeRecording(file, recording);
  process.stdout.write(`${recording.devices.length} devices, ${recording.said.length} records\n`);
  return 0;
}

async function again(given: Given, file: string): Promise<number> {
  const recording = await readRecording(file);
  const options = await runOptions(given, EMPTY, { signal: untilAsked(), driver: null });
  const verdict = await replay(options, { recording, speed: numberOf('speed', given.speed) });
  tell(verdict, given);
  return statusOf(verdict);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function run(given: Given, file: CityFile): Promise<number> {
  const driver = given.driver === undefined ? null : await readDriver(given.driver);
  const options = await runOptions(given, file, { signal: untilAsked(), driver });
  if (given.ramp) {
    const result = await rampCity(options);
    process.stdout.write(`${given.json ? JSON.stringify(result) : rampText(result)}\n`);
    return result.safe === null ? 1 : 0;
  }
  const verdict = driver ? await runDriven(options, driver) : await runCity(options);
  if (verdict === null) {
    process.stdout.write(`${options.out}/ledger.txt is part ${given.part}: merge judges all parts together\n`);
    return 0;
  }
  tell(verdict, given);
  return statusOf(verdict);
}

interface Ways {
  signal: AbortSignal;
  driver: Driver | null;
}

/** All that was acknowledged has to be stored so long after the end (promise P6: a minute after the last fault). */
const SETTLE_MS = 60_000;

async function runOptions(given: Given, file: CityFile, { signal, driver }: Ways): Promise<RunOptions> {
  // Another gateway may have no API: what is said of its host is said of its broker.
  if (driver && given.mqtt === undefined) fail('--driver needs --mqtt URL');
  const odd = (['gateway', 'ramp', 'power'] as const).find((name) => given[name]);
  if (driver && odd) fail(`--driver takes no --${odd}`);
  const ca = given.ca === undefined ? null : await read(given.ca);
  const id = randomBytes(2).toString('hex');
  const watchPid = given['watch-pid'];
  const seed = numberOf('seed', given.seed);
  if (!Number.isInteger(seed)) fail('--seed is a whole number');
  return {
    file,
    run: runOf(given.run ?? `r${id}`),
    part: partOf(given),
    seed,
    scale: numberOf('scale', given.scale),
    prefix: given.prefix ?? `sim-${id}-`,
    forMs: durationOf(given.for ?? (given.ramp ? '20s' : '10m')),
    doors: doorsOf({ ...given, gateway: driver ? httpOf(given.mqtt) : required(given, 'gateway') }, ca),
    token: driver ? '' : (await read(required(given, 'token-file'))).trim(),
    out: required(given, 'out'),
    store: await storeOf(given['store-file'], driver),
    watchPid: watchPid === undefined ? null : numberOf('watch-pid', watchPid),
    fillDir: given['fill-dir'] ?? null,
    power: given.power,
    centre: given.centre ?? null,
    keep: given.keep,
    settleMs: SETTLE_MS,
    signal,
    say,
  };
}

function runOf(text: string): string {
  return /^r[a-z0-9]{1,11}$/.test(text) ? text : fail(`--run ${text}: is r and up to eleven small letters and digits`);
}

/** Null where the city is in one part. */
function partOf({ part, begin, run, prefix }: Given): Part | null {
  if (part === undefined) return null;
  if (begin === undefined || run === undefined || prefix === undefined) {
    fail('--part needs the same --begin, --run and --prefix of all parts');
  }
  const beginAtMs = Date.parse(begin);
  if (!(beginAtMs > Date.now())) fail(`--begin ${begin}: give a moment to come, as 2026-06-08T10:00:00Z`);
  return { ...parsePart(part), beginAtMs };
}

/** Judges all parts of a run as one. */
async function merge(given: Given, ledgers: readonly string[]): Promise<number> {
  for (const path of ledgers) await read(path);
  const verdict = await judge(await Facts.of(mergedLedger(ledgers)), await storeOf(given['store-file']));
  if (given.out !== undefined) {
    await mkdir(given.out, { recursive: true });
    await writeVerdict(verdict, given.out);
  }
  tell(verdict, given);
  return statusOf(verdict);
}

function httpOf(mqtt: string | undefined): string {
  return `http://${URL.parse(mqtt ?? '')?.hostname ?? ''}`;
}

async function clean(given: Given, prefix: string): Promise<number> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{3,}$/.test(prefix))
    fail(`${prefix}: a prefix has at least four characters of an id`);
  // Before anything is asked of the gateway: what is stopped cannot answer.
  const goesOn = new UndoFile(prefix).undo();
  if (goesOn > 0) process.stdout.write(`${goesOn} stopped processes go on\n`);
  // A gateway of a run's own is gone with the run, and all that was made at it.
  if (goesOn > 0 && given.gateway === undefined) return 0;
  doorsOf({ ...given, gateway: required(given, 'gateway') }, null);
  const token = (await read(required(given, 'token-file'))).trim();
  const { removed, left } = await new Provision(new GatewayClient(required(given, 'gateway'), token), prefix).clean();
  process.stdout.write(`${removed} removed\n`);
  for (const text of left) process.stderr.write(`Left behind: ${text}\n`);
  return left.length > 0 ? 1 : 0;
}

async function report(given: Given, ledger: string): Promise<number> {
  await read(ledger);
  const driver = given.driver === undefined ? null : await readDriver(given.driver);
  const verdict = await judge(await Facts.of(readLedger(ledger)), await storeOf(given['store-file'], driver));
  tell(verdict, given);
  return statusOf(verdict);
}

/** A fault that was asked for and not made is no broken promise, and no kept one. */
function statusOf({ verdict }: Verdict): number {
  return { broken: 1, incomplete: 3, kept: 0, 'not judged': 0 }[verdict];
}

function tell(verdict: Verdict, { json, page }: Given): void {
  const text = json ? JSON.stringify(verdict) : page ? toPage(verdict) : toLines(verdict).join('\n');
  process.stdout.write(`${text}\n`);
}

async function readVerdict(path: string): Promise<Verdict> {
  const text = await read(path);
  try {
    return verdictSchema.parse(JSON.parse(text));
  } catch {
    return fail(`${path}: is no verdict of a run`);
  }
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const [word = '', first = '', second = '', ...more] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (word === 'merge' && first !== '') return merge(values, positionals.slice(1));
  const isPair = word === 'compare';
  if (first === '' || more.length > 0 || (second !== '') !== isPair)
    fail('give one of the commands with what it needs');
  switch (word) {
    case 'run':
      return run(values, await readCityFile(first));
    case 'record':
      return record(values, first);
    case 'replay':
      return again(values, first);
    case 'clean':
      return clean(values, first);
    case 'report':
      return report(values, first);
    case 'compare':
      process.stdout.write(`${compare(await readVerdict(first), await readVerdict(second)).join('\n')}\n`);
      return 0;
    case 'device': {
      if (values.gateway !== undefined) return run(values, cityOfOne(first));
      const forMs = durationOf(values.for ?? '10m');
      for (const text of tellDevice(first, { seed: values.seed, fromMs: Date.now(), forMs })) {
        process.stdout.write(`${text}\n`);
      }
      return 0;
    }
    default:
      return fail(`there is no command ${word}`);
  }
}

/** Errors of whoever gave the words and files, and not of the run. */
const USAGE = [UsageError, CityFileError, TargetError, DriverError, RecordingError, MergeError];

main().then(
  // A pipe takes what was written only piece by piece.
  (status) => process.stdout.write('', () => process.exit(status)),
  (error: unknown) => {
    const isUsage = USAGE.some((one) => error instanceof one);
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}${isUsage ? '; see --help' : ''}\n`);
    process.exit(isUsage ? 2 : 1);
  },
);
