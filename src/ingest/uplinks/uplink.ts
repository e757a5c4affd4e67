import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { Remark } from '../../core/setup/remarks.ts';
import type { Setting, ValuesOf } from '../../core/setup/setting.ts';
import type { DeviceId, DeviceIdentity, Lane, NewMessage, Receipt } from '../../core/types.ts';
import type { TlsMaterial } from '../../platform/secrets/certificates.ts';
import type { CommandPort } from '../commands/port.ts';
import type { DeviceRates, KindRates } from './common/rate-budget.ts';

/** Settings of an uplink; the key of one in the file is `<name of the uplink>.<its name here>`. */
export type UplinkSettings = Readonly<Record<string, Setting<unknown>>>;

export interface UplinkStatus {
  /** Whether messages come in. */
  ok: boolean;
  /** Why not, for people; never with a password in it. Null where `ok`. */
  reason: string | null;
  /** Where devices connect, without credentials; empty where they cannot be told. */
  urls: readonly string[];
}

/** An uplink that is there: what it hears goes into the journal, and it acknowledges nothing that is not in it. */
export interface Uplink {
  /** That of its {@link UplinkType}. */
  readonly name: string;
  /** Listens or connects. Rejects only where a setting is wrong (`config.invalid`); who is away comes later. */
  start(): Promise<void>;
  /** Takes nothing more, waits until `signal` for the journal's word on what it has, acknowledges that. Idempotent. */
  stop(signal: AbortSignal): Promise<void>;
  /** At any time, also before `start` and after `stop`. */
  status(): UplinkStatus;
  /** Whether the device is connected now; only where connections last and end here. */
  connected?(device: DeviceId): boolean;
  /** Ends what is open of a device whose secret was changed or that was retired, where that is the uplink's to end. */
  disconnect?(device: DeviceId): void;
  /** Another certificate for who connects from now on. Throws, changing nothing, when it cannot be used. */
  reloadTls?(material: TlsMaterial): void;
  /** The way down for commands, where there is one. */
  readonly commands?: CommandPort;
}

/** Who devices are. What is not in memory is asked for in the database before it is refused. */
export interface UplinkDevices {
  /**
   * Null for a wrong secret; takes the same time for an id that is not there. Rejects with a retryable error where
   * nobody can tell now: that is no "wrong secret", the device may come again.
   */
  authenticate(id: DeviceId, secret: string): Promise<DeviceIdentity | null>;
  /** Undefined for a device that is unknown or retired. Rejects as `authenticate`. */
  find(id: DeviceId): Promise<DeviceIdentity | undefined>;
  /** From memory alone, for a device that was let in. Undefined for one that is unknown or retired. */
  identity(id: DeviceId): DeviceIdentity | undefined;
}

/**
 * The one door into the journal. Resolves once the message is durable. Rejects with a retryable error for "not now" (an
 * uplink says nothing, or says to come again), or with another one for a message that will never be taken.
 */
export interface UplinkIntake {
  accept(message: NewMessage): Promise<Receipt>;
  /** Takes a backfill, which may wait. */
  acceptBulk(message: NewMessage): Promise<Receipt>;
}

/** What decoding would make of a message. */
export interface Preview {
  records: { index: number; id: string | null }[];
  /** A refusal with index null refuses the whole message. */
  refusals: { index: number | null; reason: string; path: string; value: string }[];
}

/** A connection of a device is there, was ended by the device as it should be, or broke. */
export type SessionNow = 'open' | 'left' | 'lost';

/** What an uplink may use. */
export interface UplinkDeps {
  clock: Clock;
  observer: Observer;
  devices: UplinkDevices;
  intake: UplinkIntake;
  /** What a device, and all devices of one kind together, may send. */
  rates: KindRates & DeviceRates;
  /** Null without a certificate. */
  tls: TlsMaterial | null;
  /** Whether a message may be refused for good now: not while another gateway may be the one that knows better. */
  mayRefuse(): boolean;
  /** A device listens to its commands from now on; without one, all do. */
  listening(device?: DeviceId): void;
  /** Where the uplink holds a connection to each device: how that of this one is. Not said at stop. */
  connected(device: DeviceId, now: SessionNow): void;
  /** For an uplink whose answer tells of each record. Null where nobody looks. */
  preview(message: NewMessage, lane: Lane): Preview | null;
}

/** A port that an uplink would listen on. */
export interface Listening {
  host: string;
  port: number;
  /** Variable that moves it. */
  setting: string;
}

/** What an uplink may use to look at its surroundings. */
export interface UplinkLook {
  signal: AbortSignal;
}

/**
 * A way on which devices reach the gateway. It knows one protocol and who speaks, and nothing of decoding, ledgers and
 * rules. `docs/uplinks.md` shows how to add one; `test/support/uplinks/uplink-conformance.ts` says what each must do.
 *
 * The type stands for itself without a gateway, so that settings, doctor and journal know an uplink that is not open.
 */
export interface UplinkType<
  Name extends string = string,
  Settings extends UplinkSettings = UplinkSettings,
  Opened extends Uplink = Uplink,
> {
  /** In records, health, logs and settings. Never changes. Two ways of one protocol, of which one is open, share it. */
  readonly name: Name;
  /** Stands for the name in the journal, 0 to 255. Never changes and is never given to another. */
  readonly diskNumber: number;
  /** Whether the gateway is not ready while no messages come in here. */
  readonly needed: boolean;
  readonly settings: Settings;
  /** Ports that would be listened on, for doctor. */
  listens(settings: ValuesOf<Settings>, hasTls: boolean): Listening[];
  /** What doctor finds of its surroundings (a server it reads from, a file). Starts nothing, and ends with `signal`. */
  check(settings: ValuesOf<Settings>, look: UplinkLook): Promise<Remark[]>;
  /** Makes it, without starting anything; null where the settings do not ask for it. */
  open(settings: ValuesOf<Settings>, deps: UplinkDeps): Opened | null;
}
