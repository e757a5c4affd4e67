import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { SayOnce } from '../../../core/mechanisms/say-once.ts';
import type { Logger, Observer } from '../../../core/observe.ts';
import { type Receipted, receiptId } from '../../../core/receipt.ts';
import type { DeviceId, DeviceIdentity, Lane, Message, NewMessage, Receipt } from '../../../core/types.ts';
import { replayOrigin } from '../../decode/replay-origin.ts';
import { ClockJumps } from './clock-jumps.ts';

export interface IntakeJournal {
  append(message: NewMessage): Promise<Message>;
  full(): boolean;
}

/** Which version of its kind a device sends in now. */
export interface KindVersions {
  /** 0 for a kind nobody knows. */
  currentVersion(kind: string): number;
}

/** Says whether this gateway may work on its database at this moment. */
export interface HeldLease {
  held(): boolean;
}

/** Knows what devices were told and must not be written down. */
export interface HiddenWords {
  /** What a device sent without that; the same bytes where there is none in it. */
  without(device: DeviceId, raw: Buffer): Buffer;
}

export interface IntakeDeps {
  lease: HeldLease;
  hidden: HiddenWords;
  kinds: KindVersions;
  clock: Clock;
  observer: Observer;
  words: {
    /** What is written down when the wall clock was set. */
    clockWasSet(): NewMessage;
  };
}

/**
 * The one door into the gateway: every uplink hands its messages in here and acks only after `accept` has resolved.
 * Rejects with `ingest.full` or `ingest.unavailable`; the message must then not be acked.
 * It also sees that the wall clock was set, and writes that down before any message with a time of the new one: such
 * a message waits for it, and is refused where it cannot be written.
 */
export class Intake {
  readonly #journals: Record<Lane, IntakeJournal>;
  readonly #kinds: KindVersions;
  /** What sessions that began before a change of their kind are now, by what they were. */
  readonly #renewed = new WeakMap<DeviceIdentity, DeviceIdentity>();
  readonly #jumps: ClockJumps;
  /** What messages wait for that wait behind a jump of the clock, and how many they are. */
  #jump: Promise<void> | null = null;
  #behindJump = 0;
  readonly #lease: HeldLease;
  readonly #hidden: HiddenWords;
  readonly #log: Logger;
  readonly #said: SayOnce;

  constructor(journals: { live: IntakeJournal; bulk?: IntakeJournal }, deps: IntakeDeps) {
    this.#kinds = deps.kinds;
    this.#jumps = new ClockJumps({ clock: deps.clock, tell: () => this.#tell(deps.words.clockWasSet()) });
    this.#lease = deps.lease;
    this.#hidden = deps.hidden;
    this.#log = deps.observer.log.child({ part: 'intake' });
    this.#said = new SayOnce(deps.clock);
    this.#journals = { live: journals.live, bulk: journals.bulk ?? journals.live };
  }

  accept(message: NewMessage): Promise<Receipt> {
    // First of all, so that no message is judged by a new clock before the rules know of it.
    const jump = this.#jumps.look() ?? this.#jump;
    if (jump) return this.#acceptBehind(jump, message);
    return this.#append(replayOrigin(message)?.lane ?? 'live', message);
  }

  async #acceptBehind(jump: Promise<void>, message: NewMessage): Promise<Receipt> {
    // Kept until the last one behind it has been woken: who comes meanwhile must not overtake.
    this.#jump = jump;
    this.#behindJump += 1;
    try {
      await jump;
    } finally {
      this.#behindJump -= 1;
      if (this.#behindJump === 0) this.#jump = null;
    }
    return await this.#append(replayOrigin(message)?.lane ?? 'live', message);
  }

  /** Whether the journal holds every time that the wall clock was set; what it does not hold is written at once. */
  isClockKnown(): boolean {
    return this.#jumps.look() === null;
  }

  /** Takes a message that may wait: a backfill never delays live data. */
  async acceptBulk(message: NewMessage): Promise<Receipt> {
    return await this.#append('bulk', message);
  }

  #tell(clockWasSet: NewMessage): Promise<Receipt> {
    if (this.#said.due()) this.#log.warn('the wall clock was set; rules begin anew to count time');
    return this.#append('live', clockWasSet);
  }

  async #append(lane: Lane, message: NewMessage): Promise<Receipt> {
    this.#mustHold();
    const stored = await this.#journals[lane].append(this.stamped(this.#discreet(message)));
    // The wait for the disk may outlast the lease, and whoever takes it then does not read this journal.
    this.#mustHold();
    return receiptOf(stored);
  }

  #discreet(message: NewMessage): NewMessage {
    const raw = this.#hidden.without(message.device.id, message.raw);
    return raw === message.raw ? message : { ...message, raw };
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
    const kindVersion = this.#kinds.currentVersion(device.kind) || device.kindVersion;
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
