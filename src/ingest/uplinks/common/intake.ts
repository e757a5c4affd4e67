import { CitywatchError } from '../../../core/errors.ts';
import { type Receipted, receiptId } from '../../../core/receipt.ts';
import type { DeviceIdentity, Lane, Message, NewMessage, Receipt } from '../../../core/types.ts';
import { replayOrigin } from '../../decode/replay-origin.ts';

export interface IntakeJournal {
  append(message: NewMessage): Promise<Message>;
  full(): boolean;
}

/** Which version of its kind a device sends in now. */
export interface KindVersions {
  /** 0 for a kind nobody knows. */
  currentVersion(kind: string): number;
}

/** Looks whether the wall clock was set, and has that written into the journal at once. */
export type LookAtClock = () => unknown;

/** Says whether this gateway may work on its database at this moment. */
export interface HeldLease {
  held(): boolean;
}

export interface IntakeDeps {
  lease: HeldLease;
  /** Absent: messages keep the version they come with. */
  kinds?: KindVersions;
  lookAtClock?: LookAtClock;
}

/**
 * The one door into the gateway: every uplink hands its messages in here and acks only after `accept` has resolved.
 * Rejects with `ingest.full` or `ingest.unavailable`; the message must then not be acked.
 */
export class Intake {
  readonly #journals: Record<Lane, IntakeJournal>;
  readonly #kinds: KindVersions | null;
  /** What sessions that began before a change of their kind are now, by what they were. */
  readonly #renewed = new WeakMap<DeviceIdentity, DeviceIdentity>();

  readonly #lookAtClock: LookAtClock;
  readonly #lease: HeldLease;

  constructor(journals: { live: IntakeJournal; bulk?: IntakeJournal }, deps: IntakeDeps) {
    this.#kinds = deps.kinds ?? null;
    this.#lookAtClock = deps.lookAtClock ?? (() => {});
    this.#lease = deps.lease;
    this.#journals = { live: journals.live, bulk: journals.bulk ?? journals.live };
  }

  async accept(message: NewMessage): Promise<Receipt> {
    // First of all, so that no message is judged by a new clock before the rules know of it.
    this.#lookAtClock();
    const lane = replayOrigin(message)?.lane ?? 'live';
    return await this.#append(lane, message);
  }

  /** Takes a message that may wait: a backfill never delays live data. */
  async acceptBulk(message: NewMessage): Promise<Receipt> {
    return await this.#append('bulk', message);
  }

  async #append(lane: Lane, message: NewMessage): Promise<Receipt> {
    this.#mustHold();
    const stored = await this.#journals[lane].append(this.stamped(message));
    // The wait for the disk may outlast the lease, and whoever takes it then does not read this journal.
    this.#mustHold();
    return receiptOf(stored);
  }

  #mustHold(): void {
    if (this.#lease.held()) return;
    const detail = 'PostgreSQL has not confirmed for too long that this gateway is the one that works on it.';
    throw new CitywatchError('ingest.unavailable', { detail, retryAfterS: 5 });
  }

  /**
   * The message with the version of its kind that is in force at this moment. A session may be older than that version,
   * and what it began with must not decide how its messages are read.
   */
  stamped(message: NewMessage): NewMessage {
    const { device } = message;
    const kindVersion = this.#kinds?.currentVersion(device.kind) || device.kindVersion;
    if (kindVersion === device.kindVersion) return message;
    let renewed = this.#renewed.get(device);
    if (renewed?.kindVersion !== kindVersion) {
      renewed = { ...device, kindVersion };
      this.#renewed.set(device, renewed);
    }
    return { ...message, device: renewed };
  }

  /** Whether a message would be refused now; uplinks then stop reading from their devices. */
  full(): boolean {
    return this.#journals.live.full() || !this.#lease.held();
  }
}

export function receiptOf(message: Receipted): Receipt {
  const { lane, offset } = message;
  return { id: receiptId(message), position: { lane, offset } };
}
