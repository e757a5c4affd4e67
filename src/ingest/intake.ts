import type { Lane, Message, NewMessage, Receipt } from '../core/types.ts';
import { replayOrigin } from './replay-origin.ts';

export interface IntakeJournal {
  append(message: NewMessage): Promise<Message>;
  full(): boolean;
}

/**
 * The one door into the gateway: every uplink hands its messages in here and acks only after `accept` has resolved.
 * Rejects with `ingest.full` or `ingest.unavailable`; the message must then not be acked.
 */
export class Intake {
  readonly #journals: Record<Lane, IntakeJournal>;

  constructor(journals: { live: IntakeJournal; bulk?: IntakeJournal }) {
    this.#journals = { live: journals.live, bulk: journals.bulk ?? journals.live };
  }

  async accept(message: NewMessage): Promise<Receipt> {
    const lane = replayOrigin(message)?.lane ?? 'live';
    return receiptOf(await this.#journals[lane].append(message));
  }

  /** Takes a message that may wait: a backfill never delays live data. */
  async acceptBulk(message: NewMessage): Promise<Receipt> {
    return receiptOf(await this.#journals.bulk.append(message));
  }

  /** Whether a message would be refused now; uplinks then stop reading from their devices. */
  full(): boolean {
    return this.#journals.live.full();
  }
}

export function receiptOf({ lane, offset }: { lane: Lane; offset: number }): Receipt {
  return { id: `${lane}-${offset}`, position: { lane, offset } };
}

/** The position a receipt id names, or null for anything else. */
export function positionOf(id: string): { lane: Lane; offset: number } | null {
  const [, lane, offset] = /^(live|bulk)-(\d{1,15})$/.exec(id) ?? [];
  return lane === undefined ? null : { lane: lane as Lane, offset: Number(offset) };
}
