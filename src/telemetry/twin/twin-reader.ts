import type { JournalReader } from '../../core/journal-reader.ts';
import type { DecodedBatch, Lane } from '../../core/types.ts';
import type { Twin } from './twin.ts';

/** The reader "twin": its cursors are in the file of last values, saved with them. */
export class TwinReader implements JournalReader {
  readonly name = 'twin';
  readonly lanes = ['live', 'bulk'] as const;
  readonly restMs = 5;
  readonly #twin: Twin;

  constructor(twin: Twin) {
    this.#twin = twin;
  }

  async load(lane: Lane): Promise<number> {
    return this.#twin.cursor(lane);
  }

  saved(lane: Lane): number {
    return this.#twin.durableCursor(lane);
  }

  async handle(batch: DecodedBatch): Promise<void> {
    this.#twin.handle(batch);
  }
}
