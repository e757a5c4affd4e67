import type { z } from 'zod';
import type { WorkDays } from '../../../core/calendar/work-days.ts';
import { wordOf } from '../../../core/internal-records.ts';
import type { Point } from '../../../core/registry/geometry.ts';
import type {
  DecodedMessage,
  DecodedRecord,
  DeviceId,
  DeviceKind,
  FieldValue,
  JournalPosition,
  Message,
} from '../../../core/types.ts';
import type { SeenBy } from '../../desk/log/audience.ts';
import type { SeenPlates } from '../plates.ts';
import type { Subject } from './subject.ts';

/**
 * What every condition is. Its functions are pure: (settings, state, input) → (state, judgements). None reads a clock:
 * time is `receivedAtMs` of what is judged, so catching up after a crash decides exactly what was decided before it
 * (design §2). A state is never changed in place.
 */
export interface Condition<
  Settings extends ConditionSettings = ConditionSettings,
  State extends ConditionState = ConditionState,
> {
  /** Its name in rule files, `condition.type`. */
  type: string;
  /** Who makes it true: messages of devices, or only the gateway itself (gateway-alerts.ts); then nothing is judged. */
  hears: 'devices' | 'gateway';
  /**
   * What its clock measures. `duration`: how long something lasts; the clock is stored and runs on after a restart.
   * `silence`: each sign of life pushes it ahead, so where it stands is not stored as long as the phase stays; after a
   * restart it stands still until its subject is heard or a start record comes. Of a retired device it is no matter.
   */
  clock: 'duration' | 'silence';
  /**
   * Whether what a device has several of (the tag of its kind: a lane, a pump) is judged one by one, each an alert of
   * its own. Absent: a device as a whole.
   */
  byPart?: true;
  /**
   * When what it raised is believed no longer: `silence`: nothing that concerns it was heard for the time after which
   * its kind counts as stale; `unended`: it never ends by itself, and the time of its kind for that is over. Null or
   * absent: always believed.
   */
  ages?(settings: Settings): 'silence' | 'unended' | null;
  /** Of what ages: whether an input says something of it. */
  concerns?(settings: Settings, input: Input): boolean;
  /** Itself, for a city with these holidays; absent where it asks for none. */
  on?(workDays: WorkDays): Condition;
  /** Its keys in a rule file; strict. The first key is `type`. */
  schema: z.ZodType<Settings> & { shape: object };
  /** Whether what it raises lasts until it is cleared; else it is over as soon as it is told. */
  lasts(settings: Settings): boolean;
  /** What does not fit a kind that the rule names; paths begin below `condition`. */
  check(settings: Settings, kind: DeviceKind): Misfit[];
  /** In what its subject may be found: for everything else `subject` is null. Absent: in everything. */
  looksAt?(settings: Settings): readonly Looked[];
  /** Whose state this input concerns; null where it concerns nobody. */
  subject(settings: Settings, input: Input): Subject | null;
  /** Where a subject begins that was not judged before; null where nothing is to be kept of it yet. */
  initial(settings: Settings): State | null;
  /** Judges one input. Returns the same state object where the input changes nothing. */
  judge(settings: Settings, state: State | null, input: Input): Step<State>;
  /** The clock of this state has run out. */
  timer(settings: Settings, state: State): Step<State>;
  /** All clocks begin anew. Returns the same object where nothing changes. */
  restart(settings: Settings, state: State, restart: Restart): State;
  /** What a reader of the alert is shown. */
  evidence(settings: Settings, state: State | null, from: Input | 'timer'): Evidence;
}

export interface ConditionSettings {
  type: string;
}

/** What is remembered of one subject and rule; JSON, because it is stored. */
export interface ConditionState {
  type: string;
  phase: string;
  /** Where a clock was started: names the finding that it will raise. */
  since: JournalPosition | null;
  /** When the clock runs out, Unix ms; null while none runs. */
  dueAtMs: number | null;
  /** Order of the newest reading judged (core/device-time.ts), where that counts. */
  lastAtMs?: number;
}

export interface Misfit {
  path: (string | number)[];
  message: string;
}

/** What is judged one by one: the message as a whole, and its records by their type. */
export type Looked = 'message' | DecodedRecord['type'];

/** What one step judges: first the message as a whole, then each of its records that is not a duplicate. */
export interface Input {
  message: Message;
  /** Null for the message as a whole. */
  record: DecodedRecord | null;
  sign: Sign;
  watch: Watch;
  devices: DevicesAround;
}

/** Where devices stand, and what they hang on, as the registry has it now. */
export interface DevicesAround {
  isRetired(device: DeviceId): boolean;
  /** What a device belongs to; null for nothing. */
  parentOf(device: DeviceId): DeviceId | null;
  /** The topmost of its parents; the device itself where it has none. */
  topmost(device: DeviceId): DeviceId;
  /** Longitude and latitude; null where nobody knows. */
  placeOf(device: DeviceId): Point | null;
  /** Where zones lie that are called so, or so and `-` and more; WGS-84. None where nobody has drawn one. */
  boundsOfZones(name: string): readonly (readonly Point[])[];
}

/** A plate as a device read it. */
export interface PlateSeen {
  plate: string;
  /** As its kind names it; anything else, and what says nothing, is no colour. */
  colour: unknown;
  /** 0-1; null where the device tells none. */
  confidence: number | null;
  jurisdiction: string;
  /** When the vehicle passed, and when that was received, Unix ms. */
  passedAtMs: number;
  receivedAtMs: number;
  /** Place of the record in the journal: its own for every read. */
  at: string;
}

/** A plate that is wanted. */
export interface WatchHit {
  /** Its own for each alert that it leads to. */
  scope: string;
  data: Evidence['data'];
  /** Who alone may see it; see audience.ts. */
  seenBy: SeenBy;
}

/** Asks whether a plate is wanted at this place and time. */
export interface Watch {
  match(seen: PlateSeen): readonly WatchHit[];
}

/** What a message says about presence: a sign of life, or nothing. */
export type Sign = 'alive' | 'none';

/**
 * Whoever sends what cannot be used, or what was sent before, is there. Backfill is read when there is time, and a
 * replay is our own doing: both say nothing of now. Of the gateway's own words, only that a device answered counts.
 * Its own farewell neither proves life nor shortens the wait.
 */
export function signOf({ message, records, refusals }: DecodedMessage): Sign {
  const word = wordOf(message);
  if (message.lane !== 'live' || word === 'nobody') return 'none';
  const isHere = records.some((record) => record.type !== 'state' || record.online);
  if (word === 'asked' || message.channel === 'state') return isHere ? 'alive' : 'none';
  return isHere || records.length === 0 || refusals.length > 0 ? 'alive' : 'none';
}

/** Why all clocks begin anew: the gateway started, or its wall clock was set. */
export interface Restart {
  cause: 'start' | 'clock';
  position: JournalPosition;
  receivedAtMs: number;
}

/** What a step decided: a finding to raise, and from where its identity comes. */
export interface Judgement {
  transition: Transition;
  /** Of what was judged, or where the clock that ran out was started. */
  position: JournalPosition;
  /** Where one record shows several things that are alerts of their own. */
  part?: Part;
}

/** `stale`: nobody knows any more whether it lasts. */
export type Transition = 'fired' | 'cleared' | 'stale';

/** One of several things that a record shows; its data and plates come on top of those of the record. */
export interface Part {
  /** 0 for the first thing in the record. */
  at: number;
  scope: string;
  data: Evidence['data'];
  plates: SeenPlates | null;
  /** Who alone may see what comes of it; everybody of the area where it is absent. */
  seenBy?: SeenBy;
}

export interface Step<State> {
  state: State | null;
  judgements: readonly Judgement[];
  /**
   * Order of what was judged (core/device-time.ts), where nothing but `lastAtMs` of the state changes: most readings
   * say the same again, and a state for each of them would be made only to be thrown away.
   */
  lastAtMs?: number;
}

export interface Evidence {
  /** When the device says it happened; null where no device tells. */
  deviceAtMs: number | null;
  /** What was seen: plates are masked. */
  data: Record<string, FieldValue | string[] | null>;
  /** The plates whole; never stored or shown in clear. */
  plates: SeenPlates | null;
}

/** Where in the journal something is judged. */
export function positionOf({ lane, offset }: Pick<Message, 'lane' | 'offset'>): JournalPosition {
  return { lane, offset };
}

/** A step that changes nothing. */
export function unchanged<State>(state: State | null): Step<State> {
  return { state, judgements: NOTHING };
}

/** A step that changes nothing but what was judged last. */
export function said<State>(state: State, lastAtMs: number): Step<State> {
  return { state, judgements: NOTHING, lastAtMs };
}

/** The step with a state of its own, where only what was judged last has changed. */
export function settled<State extends ConditionState>(step: Step<State>): Step<State> {
  const { state, judgements, lastAtMs } = step;
  return state === null || lastAtMs === undefined ? step : { state: { ...state, lastAtMs }, judgements };
}

/** Shared, because most steps decide nothing. */
const NOTHING: readonly Judgement[] = Object.freeze([]);
