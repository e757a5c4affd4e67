import { HOUR_MS } from '../../core/clock.ts';
import { InTurnByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { DeviceId, DeviceKind } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { FIVE_MINUTES_MS } from '../history/plan.ts';
import { DEVICES_AT_ONCE_MAX, type Store, type Tier } from '../stores/store.ts';
import { fieldsOf, partTagOf } from '../writer/kind-fields.ts';
import { summaryColumns } from './columns.ts';
import { type DirtyHour, rangeOf } from './dirty.ts';
import { lineOfRollup } from './line.ts';

export interface RollupWriterDeps {
  store: Pick<Store, 'buckets' | 'write' | 'ensure'>;
  kinds: { latest(kind: string): DeviceKind | undefined };
  observer: Observer;
  /** Holds a part of the work back while live data waits; without it, none is. */
  pace?(signal: AbortSignal, work: () => Promise<void>): Promise<void>;
}

/** Summaries of one query; kinds with more fields are asked for in parts. */
const COLUMNS_MAX = 100;

/**
 * Makes roll-ups out of what is stored, never out of what came in: windows of five minutes from raw points, hours from
 * windows. A roll-up has the start of its window as its time, so making it again overwrites it.
 */
export class RollupWriter {
  readonly #deps: RollupWriterDeps;
  readonly #written: Counter;
  readonly #rejected: Counter;
  /** The last turn of each hour that is being rolled up. */
  readonly #turns = new InTurnByKey<string>();
  #isPrepared = false;
  #devicesAtOnce = DEVICES_AT_ONCE_MAX;

  constructor(deps: RollupWriterDeps) {
    this.#deps = deps;
    const registers = [deps.observer.metrics];
    this.#written = new Counter({
      name: 'citywatch_rollups_written_total',
      help: 'Roll-ups stored, by tier.',
      labelNames: ['tier'],
      registers,
    });
    this.#rejected = new Counter({
      name: 'citywatch_rollups_rejected_total',
      help: 'Roll-ups that can never be stored.',
      registers,
      labelNames: ['tier', 'reason'],
    });
  }

  /** After a refusal the tiers are looked at again. */
  prepareAgain(): void {
    this.#isPrepared = false;
  }

  /**
   * Rolls up the windows and their hour, and takes each device that is done off the list. Errors: those of the store;
   * doing it again is harmless. One hour of a kind is rolled up once at a time: what was asked for earlier would
   * overwrite what was asked for later.
   */
  async roll(hour: DirtyHour, signal: AbortSignal): Promise<void> {
    await this.#turns.run(`${hour.hourMs} ${hour.kind}`, () => this.#roll(hour, signal));
  }

  async #roll({ kind, hourMs, windows, devices }: DirtyHour, signal: AbortSignal): Promise<void> {
    const spec = this.#deps.kinds.latest(kind);
    if (!spec) return;
    await this.#prepare(signal);
    const range = rangeOf({ hourMs, windows });
    const ids = [...devices.keys()];
    while (ids.length > 0) {
      const part = { spec, devices: ids.splice(0, this.#devicesAtOnce) };
      try {
        await this.#paced(signal, async () => {
          await this.#write({ ...part, ...range, from: 'raw', to: '5m' }, signal);
          await this.#write({ ...part, fromMs: hourMs, toMs: hourMs + HOUR_MS, from: '5m', to: '1h' }, signal);
        });
      } catch (error) {
        // Devices that report many times a second make an answer too slow for its deadline, each time again.
        this.#devicesAtOnce = Math.max(1, this.#devicesAtOnce >> 1);
        throw error;
      }
      for (const id of part.devices) devices.delete(id);
      this.#devicesAtOnce = Math.min(DEVICES_AT_ONCE_MAX, this.#devicesAtOnce + 1);
    }
  }

  #paced(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    return this.#deps.pace ? this.#deps.pace(signal, work) : work();
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    if (this.#isPrepared) return;
    await this.#deps.store.ensure(signal, '5m');
    await this.#deps.store.ensure(signal, '1h');
    this.#isPrepared = true;
  }

  async #write(part: Part, signal: AbortSignal): Promise<void> {
    const { store } = this.#deps;
    const tag = partTagOf(part.spec);
    const columns = summaryColumns(fieldsOf(part.spec), part.from);
    for (const some of chunksOf(columns, COLUMNS_MAX)) {
      const { from, fromMs, toMs, devices } = part;
      const everyMs = part.to === '5m' ? FIVE_MINUTES_MS : HOUR_MS;
      const buckets = await store.buckets(
        {
          tier: from,
          measurement: part.spec.kind,
          devices,
          fromMs,
          toMs,
          everyMs,
          groupBy: tag === null ? ['dev', 'jur'] : ['dev', 'jur', tag],
          columns: some,
          limit: (toMs - fromMs) / everyMs,
        },
        signal,
      );
      const lines = buckets.flatMap((bucket) => lineOfRollup(part.spec.kind, bucket) ?? []);
      if (lines.length === 0) continue;
      const { rejected } = await store.write(lines, signal, part.to);
      this.#written.inc({ tier: part.to }, lines.length - rejected.length);
      for (const { reason } of rejected) this.#rejected.inc({ tier: part.to, reason });
    }
  }
}

interface Part {
  spec: Pick<DeviceKind, 'kind' | 'fields'>;
  devices: DeviceId[];
  from: Tier;
  to: Tier;
  fromMs: number;
  toMs: number;
}
