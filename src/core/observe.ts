import { type DestinationStream, type Logger, pino } from 'pino';
import type { HistogramConfiguration } from 'prom-client';
import { Counter, type CounterConfiguration, Gauge, type GaugeConfiguration, Histogram, Registry } from 'prom-client';

export type { Logger } from 'pino';
export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Names of fields that never reach a log, at the top of a record or one or two levels down. */
const SECRET_FIELDS = ['password', 'secret', 'token', 'authorization', 'cookie', 'passphrase', 'credentials'];

const REDACTED = '[redacted]';

/**
 * Secrets that are known by value. Paths alone do not catch a password that a library puts into an error text, so
 * each log line is searched for these too (promise P8). Bounded: short values would black out ordinary words.
 */
export class KnownSecrets {
  readonly #values = new Set<string>();
  #pattern: RegExp | null = null;

  /** Values shorter than 8 characters are ignored; also hides the value as it looks inside a URL or JSON. */
  add(value: string): void {
    if (value.length < SECRET_LENGTH_MIN) return;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) this.#values.add(form);
    this.#pattern = null;
  }

  redact(text: string): string {
    if (this.#values.size === 0) return text;
    this.#pattern ??= new RegExp([...this.#values].map(escapeRegExp).join('|'), 'g');
    return text.replace(this.#pattern, REDACTED);
  }
}

const SECRET_LENGTH_MIN = 8;

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export interface LogOptions {
  level: string;
  secrets: KnownSecrets;
  /** Where lines go; standard output when absent. */
  destination?: DestinationStream;
}

/** A JSON-lines logger: one event per line (pino escapes control characters), secrets hidden by name and by value. */
export function createLogger({ level, secrets, destination }: LogOptions): Logger {
  const out: DestinationStream = destination ?? pino.destination({ fd: 1, sync: true });
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    { level, redact: { paths, censor: REDACTED }, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => out.write(secrets.redact(line)) },
  );
}

/** What every part gets to say how it is doing. */
export interface Observer {
  log: Logger;
  metrics: Registry;
}

export function createObserver(options: LogOptions): Observer {
  return { log: createLogger(options), metrics: new Registry() };
}

/** A metric's name, help, labels and buckets; where it is registered is said apart. */
type Described<Configuration> = Omit<Configuration, 'registers' | 'collect'>;

/**
 * The counter of this name, made where it is not there yet: what exists several times (lanes, readers, services) counts
 * under one name and is told apart by a label.
 */
export function counterNamed(metrics: Registry, described: Described<CounterConfiguration<string>>): Counter {
  const known = metrics.getSingleMetric(described.name) as Counter | undefined;
  return known ?? new Counter({ ...described, registers: [metrics] });
}

/** As {@link counterNamed}. */
export function gaugeNamed(metrics: Registry, described: Described<GaugeConfiguration<string>>): Gauge {
  const known = metrics.getSingleMetric(described.name) as Gauge | undefined;
  return known ?? new Gauge({ ...described, registers: [metrics] });
}

/** As {@link counterNamed}. */
export function histogramNamed(metrics: Registry, described: Described<HistogramConfiguration<string>>): Histogram {
  const known = metrics.getSingleMetric(described.name) as Histogram | undefined;
  return known ?? new Histogram({ ...described, registers: [metrics] });
}
