import { wordOf } from '../../core/internal-records.ts';
import type { JournalReader } from '../../core/journal-reader.ts';
import type { DecodedBatch, DecodedMessage, DeviceId, Lane } from '../../core/types.ts';
import type { Twin } from './twin.ts';

/** Told of what devices themselves say, message by message. Must not throw. */
export interface Hearer {
  /** `online` is false where the device says that it goes, or its will does; `atMs` is the receipt. */
  heard(device: DeviceId, word: { online: boolean; atMs: number; isTelemetry: boolean }): void;
}

/** The reader "twin": its cursors are in the file of last values, saved with them. */
export class TwinReader implements JournalReader {
  readonly name = 'twin';
  readonly lanes = ['live', 'bulk'] as const;
  readonly restMs = 5;
  readonly #twin: Twin;
  readonly #hearer: Hearer;

  constructor(twin: Twin, hearer: Hearer) {
    this.#twin = twin;
    this.#hearer = hearer;
  }

  async load(lane: Lane): Promise<number> {
    return this.#twin.cursor(lane);
  }

  saved(lane: Lane): number {
    return this.#twin.durableCursor(lane);
  }

  async handle(batch: DecodedBatch): Promise<void> {
    this.#twin.handle(batch);
    for (const message of batch.messages) this.#tell(message);
  }

  #tell({ message, records }: DecodedMessage): void {
    const { device, channel, receivedAtMs: atMs } = message;
    if (wordOf(message) !== 'own') return;
    const report = records.findLast(({ type }) => type === 'state');
    // A report that cannot be read may be its will.
    if (channel === 'state' && !report) return;
    const online = report?.type === 'state' ? report.online : true;
    this.#hearer.heard(device.id, { online, atMs, isTelemetry: channel === 'telemetry' });
  }
}
