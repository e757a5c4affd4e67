import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readLedger } from '../fleet/ledger.ts';
import { GatewayClient } from '../gateway-client.ts';
import { compare } from '../report/compare.ts';
import { Facts } from '../report/facts.ts';
import { judge } from '../report/judge.ts';
import { toPage } from '../report/page.ts';
import { InfluxStore, storeAddress } from '../report/store.ts';
import { toLines } from '../report/text.ts';
import { type Verdict, verdict as verdictSchema } from '../report/verdict.ts';
import { CityFileError, readCityFile } from './city-file.ts';
import { tellDevice } from './device-alone.ts';
import { Provision } from './provision.ts';
import { runCity } from './run.ts';
import { doorsOf, TargetError } from './targets.ts';

const HELP = `Lets a city live at a gateway, and says what became of what it sent.

  node simulators/cities/main.ts run CITY.yaml --gateway URL --token-file FILE --out DIR [options]
  node simulators/cities/main.ts clean PREFIX --gateway URL --token-file FILE
  node simulators/cities/main.ts report LEDGER [--store-file FILE] [--page]
  node simulators/cities/main.ts compare BEFORE.json AFTER.json
  node simulators/cities/main.ts device KIND [--seed N] [--for 10m]

  --mqtt URL, --mqtts URL   where devices connect (port 1883 of the gateway's host; no port with TLS)
  --ca FILE                 certificates (PEM) of who issued that of the gateway
  --scale X                 of the quantities of the city (1)
  --for TIME                how long it lives: 90s, 10m, 2h (10m)
  --seed N                  the same seed is the same city (1)
  --prefix TEXT             before every id and name (sim- and four digits of chance, and -)
  --store-file FILE         JSON of url, username, password and database of InfluxDB; without it nothing is said of
                            what was stored
  --watch-pid PID           write down what this process takes, and all below it
  --centre IP               address of a command centre of our own that alerts are sent to
  --confirm HOST            send to a host that is not this machine
  --keep                    leave at the gateway what was made there
  --json                    the verdict as JSON
`;

const options = {
  gateway: { type: 'string' },
  mqtt: { type: 'string' },
  mqtts: { type: 'string' },
  ca: { type: 'string' },
  'token-file': { type: 'string' },
  out: { type: 'string' },
  scale: { type: 'string', default: '1' },
  for: { type: 'string', default: '10m' },
  seed: { type: 'string', default: '1' },
  prefix: { type: 'string' },
  'store-file': { type: 'string' },
  'watch-pid': { type: 'string' },
  centre: { type: 'string' },
  confirm: { type: 'string' },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Given = ReturnType<typeof readArguments>['values'];

class UsageError extends Error {}

function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error));
  }
}

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** All that was acknowledged has to be stored so long after the end (promise P6: a minute after the last fault). */
const SETTLE_MS = 60_000;
/** A run that somebody forgets ends by itself. */
const LONGEST_MS = 24 * 3_600_000;

function durationOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new UsageError(`--for ${text}: give a time such as 90s, 10m or 2h, up to 24h`);
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`--${name} ${text}: is no number`);
  return value;
}

function required(given: Given, name: 'gateway' | 'token-file' | 'out'): string {
  return given[name] ?? fail(`--${name} is missing`);
}

function fail(text: string): never {
  throw new UsageError(text);
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => fail(`${path} cannot be read`));
}

async function storeOf(path: string | undefined): Promise<InfluxStore | null> {
  if (path === undefined) return null;
  const text = await read(path);
  try {
    return new InfluxStore(storeAddress.parse(JSON.parse(text)));
  } catch {
    return fail(`${path}: is no JSON of url, username, password and database`);
  }
}

async function run(given: Given, file: string): Promise<number> {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending.abort();
      process.once(signal, () => process.exit(1));
    });
  }
  const ca = given.ca === undefined ? null : await read(given.ca);
  const id = randomBytes(2).toString('hex');
  const watchPid = given['watch-pid'];
  const seed = numberOf('seed', given.seed);
  if (!Number.isInteger(seed)) fail('--seed is a whole number');
  const verdict = await runCity({
    file: await readCityFile(file),
    run: `r${id}`,
    seed,
    scale: numberOf('scale', given.scale),
    prefix: given.prefix ?? `sim-${id}-`,
    forMs: durationOf(given.for),
    doors: doorsOf({ ...given, gateway: required(given, 'gateway') }, ca),
    token: (await read(required(given, 'token-file'))).trim(),
    out: required(given, 'out'),
    store: await storeOf(given['store-file']),
    watchPid: watchPid === undefined ? null : numberOf('watch-pid', watchPid),
    centre: given.centre ?? null,
    keep: given.keep,
    settleMs: SETTLE_MS,
    signal: ending.signal,
    say: (text) => void process.stderr.write(`${text}\n`),
  });
  tell(verdict, given);
  return verdict.verdict === 'broken' ? 1 : 0;
}

async function clean(given: Given, prefix: string): Promise<number> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{3,}$/.test(prefix))
    fail(`${prefix}: a prefix has at least four characters of an id`);
  doorsOf({ ...given, gateway: required(given, 'gateway') }, null);
  const token = (await read(required(given, 'token-file'))).trim();
  const { removed, left } = await new Provision(new GatewayClient(required(given, 'gateway'), token), prefix).clean();
  process.stdout.write(`${removed} removed\n`);
  for (const text of left) process.stderr.write(`Left behind: ${text}\n`);
  return left.length > 0 ? 1 : 0;
}

async function report(given: Given, ledger: string): Promise<number> {
  await read(ledger);
  const verdict = await judge(await Facts.of(readLedger(ledger)), await storeOf(given['store-file']));
  tell(verdict, given);
  return verdict.verdict === 'broken' ? 1 : 0;
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
  const isPair = word === 'compare';
  if (first === '' || more.length > 0 || (second !== '') !== isPair)
    fail('give one of the commands with what it needs');
  switch (word) {
    case 'run':
      return run(values, first);
    case 'clean':
      return clean(values, first);
    case 'report':
      return report(values, first);
    case 'compare':
      process.stdout.write(`${compare(await readVerdict(first), await readVerdict(second)).join('\n')}\n`);
      return 0;
    case 'device': {
      const forMs = durationOf(values.for);
      for (const text of tellDevice(first, { seed: values.seed, fromMs: Date.now(), forMs })) {
        process.stdout.write(`${text}\n`);
      }
      return 0;
    }
    default:
      return fail(`there is no command ${word}`);
  }
}

main().then(
  // A pipe takes what was written only piece by piece.
  (status) => process.stdout.write('', () => process.exit(status)),
  (error: unknown) => {
    const isUsage = error instanceof UsageError || error instanceof CityFileError || error instanceof TargetError;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}${isUsage ? '; see --help' : ''}\n`);
    process.exit(isUsage ? 2 : 1);
  },
);
