import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import { Counter, Gauge, Histogram, type Logger, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { DecodedBatch, DecodedRecord, DeviceId, DeviceIdentity } from '../../core/types.ts';
import { Slots } from '../rollups/slots.ts';
import { type RejectedLine, type Store, StoreDiskFull } from '../stores/store.ts';
import { lineOf, seriesOf } from './line-protocol.ts';

/** Which series may exist; see `series-budget.ts`. */
export interface SeriesPort {
  admit(device: { kind: string; id: DeviceId }, tag: string, value: string): boolean;
  save(): Promise<void>;
}

/** For tests and benchmarks: a device may invent series without end. */
export const UNLIMITED_SERIES: SeriesPort = { admit: () => true, save: async () => {} };

export interface WriterDeps {
  store: Store;
  series: SeriesPort;
  clock: Clock;
  observer: Observer;
  /** Restarts the store where it is ours to restart; asked for while its disk is full (see `StoreDiskFull`). */
  restartStore?: (() => Promise<void>) | undefined;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

export interface WriterLimits {
  /** Lines of one request; more than 5,000 only make each answer slower. */
  linesMax: number;
  /** Characters of one request, since an event may be long; well below the 25 MB that InfluxDB takes. */
  charactersMax: number;
  /** Requests of live data under way; a backfill has one more of its own, so that neither waits for the other. */
  requestsMax: number;
}

/** The limits of a gateway. */
export const WRITER_LIMITS: WriterLimits = { linesMax: 5_000, charactersMax: 4_000_000, requestsMax: 2 };

/** A record that will never be stored, for the dead letters. */
export interface RejectedRecord {
  /** Journal offset of its message, in the lane of the batch. */
  offset: number;
  index: number;
  reason: string;
  /** Where in the record it is, when that is known. */
  path?: string;
  detail: string;
}

/** Longest pause before the next try while the store does not answer; short enough to be green within 60 s. */
const PAUSES = { minMs: 200, maxMs: 10_000 };
/** Pause while the store refuses us: only a human can help, but who did should not have to restart us. */
const REFUSED_PAUSE_MS = 15_000;
/** Between two restarts of a store whose disk is full. */
const RESTART_EVERY_MS = 20_000;

interface Chunk {
  lines: string[];
  /** Offset and index of the record behind each line, in turns. */
  origins: number[];
}

/**
 * Turns batches into stored points. Whatever the store answers, a record ends up stored or returned as rejected;
 * everything else is tried again until the signal is aborted, because the journal still holds it.
 */
export class TelemetryWriter {
  readonly #deps: WriterDeps;
  readonly #limits: WriterLimits;
  readonly #log: Logger;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #slots: Record<DecodedBatch['lane'], Slots>;
  #prepared = false;
  #failure: { code: string; reason: string } | null = null;
  #diskFullSinceMs: number | null = null;

  constructor(deps: WriterDeps, limits: WriterLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#log = deps.observer.log.child({ part: 'telemetry' });
    this.#metrics = createMetrics(deps.observer);
    this.#slots = { live: new Slots(limits.requestsMax), bulk: new Slots(1) };
  }

  /**
   * Stores all records of `batch` that are no duplicates. Resolves once they are durable, with those that can never be.
   * Rejects only with the reason of `signal`; the batch may then be written again.
   */
  async write(batch: DecodedBatch, signal: AbortSignal): Promise<RejectedRecord[]> {
    const rejected: RejectedRecord[] = [];
    const stop = new AbortController();
    const follow = () => stop.abort(signal.reason);
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow, { once: true });
    const running = new Set<Promise<void>>();
    try {
      for (const chunk of this.#chunks(batch, rejected)) {
        const release = await this.#slots[batch.lane].take(stop.signal);
        const run = this.#store(chunk, stop.signal, rejected)
          .catch((error: unknown) => stop.abort(error))
          .finally(() => {
            release();
            running.delete(run);
          });
        running.add(run);
      }
    } finally {
      await Promise.all(running);
      signal.removeEventListener('abort', follow);
    }
    stop.signal.throwIfAborted();
    await this.#deps.series.save();
    this.#count(batch, rejected);
    return rejected.sort((a, b) => a.offset - b.offset || a.index - b.index);
  }

  /** Whether the last request was answered; the reason is one sentence for people. */
  status(): { ok: boolean; reason: string | null } {
    return { ok: this.#failure === null, reason: this.#failure?.reason ?? null };
  }

  *#chunks(batch: DecodedBatch, rejected: RejectedRecord[]): Generator<Chunk> {
    let chunk: Chunk = { lines: [], origins: [] };
    let characters = 0;
    for (const { message, records } of batch.messages) {
      const series = seriesOf(message.device);
      for (const record of records) {
        if (record.duplicate) continue;
        const line = typeof series === 'string' ? lineOf(series, message.receivedAtMs, record) : series;
        if (typeof line !== 'string') {
          rejected.push({ offset: message.offset, index: record.index, ...line });
          continue;
        }
        const surplus = this.#surplus(message.device, record);
        if (surplus) {
          rejected.push({ offset: message.offset, index: record.index, reason: 'series-budget', ...surplus });
          continue;
        }
        if (chunk.lines.length === this.#limits.linesMax || characters + line.length > this.#limits.charactersMax) {
          if (chunk.lines.length > 0) yield chunk;
          chunk = { lines: [], origins: [] };
          characters = 0;
        }
        chunk.lines.push(line);
        chunk.origins.push(message.offset, record.index);
        characters += line.length + 1;
      }
    }
    if (chunk.lines.length > 0) yield chunk;
  }

  /** What in the record would make a series too many. */
  #surplus(device: DeviceIdentity, record: DecodedRecord): { path: string; detail: string } | null {
    const { series } = this.#deps;
    const { tag = '' } = record;
    const values = record.type === 'reading' ? record.values : record.type === 'event' ? record.data : null;
    const value = tag === '' ? '' : String(values?.get(tag) ?? '');
    if (series.admit(device, tag, value)) return null;
    if (tag === '') return { path: '', detail: device.id };
    return { path: `${record.type === 'event' ? 'data' : 'values'}.${tag}`, detail: value };
  }

  async #store(chunk: Chunk, signal: AbortSignal, rejected: RejectedRecord[]): Promise<void> {
    const refused = await this.#untilAnswered(chunk.lines, signal);
    for (const { line, reason, detail } of refused) {
      const [offset = 0, index = 0] = chunk.origins.slice(line * 2, line * 2 + 2);
      rejected.push({ offset, index, reason, detail });
    }
    this.#metrics.lines.inc(chunk.lines.length - refused.length);
  }

  async #untilAnswered(lines: readonly string[], signal: AbortSignal): Promise<RejectedLine[]> {
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted();
      try {
        if (!this.#prepared) await this.#deps.store.ensure(signal);
        this.#prepared = true;
        const { rejected } = await this.#deps.store.write(lines, signal);
        this.#recovered();
        return rejected;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof CitywatchError) || !error.code.startsWith('store.')) throw error;
        await this.#restartWhenFull(error);
        await this.#deps.clock.sleep(this.#pauseMs(error, tries), signal);
      }
    }
  }

  /** Counts the failure and says how long to wait for the next try. */
  #pauseMs(error: CitywatchError, tries: number): number {
    const refused = error.code === 'store.refused';
    // A database that somebody dropped is made again.
    if (refused) this.#prepared = false;
    this.#metrics.retries.inc({ code: error.code });
    if (this.#failure?.code !== error.code) this.#log.error({ code: error.code }, `telemetry waits: ${error.message}`);
    this.#failure = { code: error.code, reason: error.message };
    const askedMs = (error.retryAfterS ?? 0) * 1_000;
    const ceilingMs = refused ? REFUSED_PAUSE_MS : backoffMs(PAUSES, tries);
    return Math.max(askedMs, jittered(ceilingMs, this.#deps.random ?? systemRandom));
  }

  async #restartWhenFull(error: CitywatchError): Promise<void> {
    const { clock, restartStore } = this.#deps;
    if (!restartStore || !(error.cause instanceof StoreDiskFull)) return;
    const nowMs = clock.monotonicMs();
    this.#diskFullSinceMs ??= nowMs;
    if (nowMs - this.#diskFullSinceMs < RESTART_EVERY_MS) return;
    this.#diskFullSinceMs = nowMs;
    this.#log.warn('restarting InfluxDB, whose disk was full');
    await restartStore().catch((cause: unknown) => this.#log.error({ error: messageOf(cause) }, 'that failed'));
  }

  #recovered(): void {
    this.#diskFullSinceMs = null;
    if (this.#failure) this.#log.info('telemetry is written again');
    this.#failure = null;
  }

  #count(batch: DecodedBatch, rejected: readonly RejectedRecord[]): void {
    for (const { reason } of rejected) this.#metrics.rejected.inc({ reason });
    const [oldest, newest] = [batch.messages.at(0), batch.messages.at(-1)];
    if (!oldest || !newest) return;
    const nowMs = this.#deps.clock.nowMs();
    const secondsSince = (atMs: number): number => Math.max(0, nowMs - atMs) / 1_000;
    this.#metrics.lag.set({ lane: batch.lane }, secondsSince(newest.message.receivedAtMs));
    this.#metrics.stored.observe({ lane: batch.lane }, secondsSince(oldest.message.receivedAtMs));
  }
}

function createMetrics({ metrics }: Observer) {
  const registers = [metrics];
  return {
    lines: new Counter({ name: 'citywatch_telemetry_lines_total', help: 'Points stored in InfluxDB.', registers }),
    rejected: new Counter({
      name: 'citywatch_telemetry_rejected_total',
      help: 'Records that can never be stored, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    retries: new Counter({
      name: 'citywatch_telemetry_retries_total',
      help: 'Writes that have to be tried again, by error code.',
      labelNames: ['code'],
      registers,
    }),
    lag: new Gauge({
      name: 'citywatch_telemetry_lag_seconds',
      help: 'Age, at the time it was stored, of the newest message stored last.',
      labelNames: ['lane'],
      registers,
    }),
    stored: new Histogram({
      name: 'citywatch_telemetry_stored_seconds',
      help: 'From the receipt of the oldest message of a batch until all of the batch was stored.',
      labelNames: ['lane'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600],
      registers,
    }),
  };
}
