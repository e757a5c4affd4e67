import { HOUR_MS, MINUTE_MS, systemClock } from '../../../src/core/clock.ts';
import type { DecodedMessage, DeviceKind, FieldSpec } from '../../../src/core/types.ts';
import { Outbound } from '../../../src/platform/outbound/outbound.ts';
import { History } from '../../../src/telemetry/history/history.ts';
import { RollupWriter } from '../../../src/telemetry/rollups/rollup-writer.ts';
import { ROLLUPS_LIMITS, Rollups, type RollupsLimits } from '../../../src/telemetry/rollups/rollups.ts';
import { Influx1Store } from '../../../src/telemetry/stores/influx1.ts';
import { Influx2Store } from '../../../src/telemetry/stores/influx2.ts';
import type { Store, Tier } from '../../../src/telemetry/stores/store.ts';
import { TelemetryWriter, UNLIMITED_SERIES, WRITER_LIMITS } from '../../../src/telemetry/writer/writer.ts';
import { AT_MS, batch } from '../ingest/batches.ts';
import { type Owner, quietObserver } from '../services/services.ts';
import { ManualClock } from '../time/clock.ts';
import { until } from '../time/until.ts';
import { BUCKET, Influx2StandIn, ORG, TOKEN } from './influx2-standin.ts';
import type { Influxd } from './influxd.ts';

const DAYS = { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 };
const never = new AbortController().signal;

/** Reports each second by its kind, so that a few hours already count as many points. */
export const pump = {
  kind: 'pump',
  version: 1,
  title: { en: 'Pump', zh: '泵' },
  stream: false,
  periodS: 1,
  staleAfterS: 9,
  fields: new Map<string, FieldSpec>([
    ['level_m', { type: 'number', unit: 'm', min: -1e9, max: 1e9 }],
    ['starts', { type: 'integer', unit: null, min: 0, max: 1e9 }],
    ['running', { type: 'boolean' }],
    ['mode', { type: 'enum', values: ['auto', 'manual'] }],
    ['note', { type: 'text', maxLength: 20 }],
    ['pump', { type: 'integer', unit: null, min: 1, max: 16, tag: true }],
  ]),
  events: new Map(),
} as unknown as DeviceKind;

const kinds = { latest: (kind: string) => (kind === 'pump' ? pump : undefined) };

/** Roll-ups of the live lane over a real InfluxDB, on a clock that a test moves; lives share what is durable. */
export class Rolling {
  readonly clock = new ManualClock(AT_MS + 12 * HOUR_MS);
  readonly observer = quietObserver();
  readonly store: Store;
  readonly writer: TelemetryWriter;
  readonly history: History;
  /** The journal as far as it was written: offset = place in it. */
  readonly journal: DecodedMessage[] = [];
  cursor = 0;
  storedUpTo = Number.MAX_SAFE_INTEGER;
  gaveUpMs = 0;
  rollups!: Rollups;
  readonly #limits: RollupsLimits;
  readonly #roller: RollupWriter;
  #life = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();

  constructor(t: Owner, influxd: Influxd | Influx2StandIn, { database, url = influxd.url, ...limits }: RollingOptions) {
    this.#limits = { ...ROLLUPS_LIMITS, ...limits };
    const http = new Outbound({ clock: systemClock, observer: this.observer });
    t.teardown(async () => {
      await this.kill();
      await http.close();
    });
    const shared = { url, retentionDays: DAYS, gzip: false, queryTimeoutMs: 1_000, writeTimeoutMs: 1_000 };
    const deps = { http, clock: systemClock, observer: this.observer };
    if (influxd instanceof Influx2StandIn) {
      this.store = new Influx2Store({ ...shared, token: TOKEN, org: ORG, bucket: BUCKET }, deps);
    } else {
      const { username, password } = influxd;
      this.store = new Influx1Store({ ...shared, username, password, database }, deps);
    }
    this.#roller = new RollupWriter({ store: this.store, kinds, observer: this.observer });
    const { store, observer } = this;
    this.writer = new TelemetryWriter({ series: UNLIMITED_SERIES, store, clock: systemClock, observer }, WRITER_LIMITS);
    this.history = new History({
      store: this.store,
      kinds,
      clock: this.clock,
      retentionDays: DAYS,
      rollups: {
        completeFromMs: () => 0,
        completeToMs: () => this.rollups.completeToMs(),
        pending: (kind, device) => this.rollups.pending(kind, device),
      },
    });
    this.start();
  }

  /** A new life, which knows only what is durable. */
  start(): void {
    this.#life = new AbortController();
    this.rollups = new Rollups(
      {
        lane: 'live',
        roller: this.#roller,
        clock: this.clock,
        observer: this.observer,
        cursor: {
          load: async () => this.cursor,
          move: async (from, to) => {
            if (from !== this.cursor) throw new Error(`the cursor is at ${this.cursor}, not at ${from}`);
            this.cursor = to;
          },
        },
        storedUpTo: () => this.storedUpTo,
        head: () => this.journal.at(-1)?.message.endOffset ?? 0,
        gaveUp: async (untilMs) => {
          this.gaveUpMs = untilMs;
        },
      },
      this.#limits,
    );
    this.#ended = this.rollups.run(this.#life.signal, () => {});
  }

  async kill(): Promise<void> {
    this.#life.abort();
    await this.clock.advance(0);
    await this.#ended;
  }

  /** Stores messages, and notes them unless told that the reader is not there yet. */
  async take(messages: DecodedMessage[], { noted = true } = {}): Promise<void> {
    if ((await this.writer.write(batch(messages), never)).length > 0) throw new Error('not all is stored');
    this.journal.push(...messages);
    await this.rollups.load();
    if (noted) await this.rollups.handle(batch(messages), never);
  }

  /** Reads again what a life before had not made durable. */
  async readAgain(): Promise<void> {
    const from = await this.rollups.load();
    const left = this.journal.filter(({ message }) => message.offset >= from);
    if (left.length > 0) await this.rollups.handle(batch(left), never);
  }

  /** Lets time pass until all that was noted is rolled up. */
  async settle(): Promise<void> {
    await until('all is rolled up', async () => {
      await this.clock.advance(21_000);
      return this.cursor === (this.journal.at(-1)?.message.endOffset ?? 0);
    });
  }

  /** The roll-ups of one field of a tier, as they lie there. */
  async kept(tier: Tier, device: string, field = 'level_m'): Promise<Record<string, unknown>[]> {
    const columns = (['min', 'max', 'sum', 'count', 'last'] as const).map((name) => {
      return { name, field: `${field}_${name}`, fn: 'last' as const };
    });
    const found = await this.store.buckets({
      tier,
      measurement: 'pump',
      devices: [device],
      groupBy: ['pump'],
      columns,
      limit: 9_999,
      fromMs: AT_MS - 24 * HOUR_MS,
      toMs: AT_MS + 24 * HOUR_MS,
      everyMs: tier === '1h' ? HOUR_MS : 5 * MINUTE_MS,
    });
    return found.map(({ atMs, tags, values }) => ({
      minute: (atMs - AT_MS) / MINUTE_MS,
      ...(tags.pump ? { pump: tags.pump } : {}),
      ...Object.fromEntries(values),
    }));
  }
}

export interface RollingOptions extends Partial<RollupsLimits> {
  database: string;
  url?: string;
}
