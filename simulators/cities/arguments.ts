import { parseArgs } from 'node:util';

export const HELP = `Lets a city live at a gateway, and says what became of what it sent.

  node simulators/cities/main.ts run CITY.yaml --gateway URL --token-file FILE --out DIR [options]
  node simulators/cities/main.ts record FILE --gateway URL --token-file FILE [--for 10m]
  node simulators/cities/main.ts replay FILE --gateway URL --token-file FILE --out DIR [--speed X]
  node simulators/cities/main.ts merge LEDGER... [--store-file FILE] [--out DIR]
  node simulators/cities/main.ts clean PREFIX [--gateway URL --token-file FILE]
  node simulators/cities/main.ts report LEDGER [--store-file FILE] [--page]
  node simulators/cities/main.ts compare BEFORE.json AFTER.json
  node simulators/cities/main.ts device KIND [--seed N] [--for 10m] [--gateway URL --token-file FILE --out DIR]

  --mqtt URL, --mqtts URL   where devices connect (port 1883 of the gateway's host; no port with TLS)
  --ca FILE                 certificates (PEM) of who issued that of the gateway
  --scale X                 of the quantities of the city (1)
  --for TIME                how long it lives: 90s, 10m, 2h (10m)
  --seed N                  the same seed is the same city (1)
  --prefix TEXT             before every id and name (sim- and four digits of chance, and -)
  --store-file FILE         JSON of url, username, password and database of InfluxDB; without it nothing is said of
                            what was stored
  --part I/N                be one of N generators of one city, each with the same --run, --prefix, --seed and --begin
  --run ID                  stands in every id (r and four digits of chance)
  --begin TIME              when all parts begin, as 2026-06-08T10:00:00Z
  --speed X                 of a replay: so many times as fast as it was recorded (1)
  --driver FILE             another gateway than this repository's: its topics, messages and store; needs --mqtt
  --watch-pid PID           write down what this process takes, and all below it
  --fill-dir DIR            a folder on the gateway's disk, for timelines that fill it: a small file system of its own
  --power                   look by strace whether that process answers only what is on the disk
  --centre IP               address of a command centre of our own that alerts are sent to
  --ramp                    raise the rate until a promise breaks, and say which is safe; each stretch lasts --for (20s)
  --confirm HOST            send to a host that is not this machine
  --keep                    leave at the gateway what was made there
  --json                    the verdict as JSON

Exit status: 0 every promise that was judged was kept; 1 one was broken, or the run failed; 2 words or files that cannot
be; 3 nothing was broken, and a fault of the timeline was not made.
`;

const options = {
  gateway: { type: 'string' },
  mqtt: { type: 'string' },
  mqtts: { type: 'string' },
  ca: { type: 'string' },
  'token-file': { type: 'string' },
  out: { type: 'string' },
  scale: { type: 'string', default: '1' },
  for: { type: 'string' },
  seed: { type: 'string', default: '1' },
  prefix: { type: 'string' },
  'store-file': { type: 'string' },
  'watch-pid': { type: 'string' },
  driver: { type: 'string' },
  part: { type: 'string' },
  run: { type: 'string' },
  begin: { type: 'string' },
  speed: { type: 'string', default: '1' },
  'fill-dir': { type: 'string' },
  power: { type: 'boolean', default: false },
  centre: { type: 'string' },
  confirm: { type: 'string' },
  keep: { type: 'boolean', default: false },
  ramp: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export type Given = ReturnType<typeof readArguments>['values'];

/** Words that make no command, in one sentence. */
export class UsageError extends Error {}

export function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error));
  }
}

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** A run that somebody forgets ends by itself. */
const LONGEST_MS = 24 * 3_600_000;

export function durationOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new UsageError(`--for ${text}: give a time such as 90s, 10m or 2h, up to 24h`);
}

export function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`--${name} ${text}: is no number`);
  return value;
}
