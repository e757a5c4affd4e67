import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, type Logger, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { CameraEvent } from '../onvif/event-states.ts';
import { clean } from '../onvif/notifications.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import { sourcesBelow } from './channels.ts';
import { readRecorder } from './eyes.ts';
import { SourceTokens } from './source-tokens.ts';

/** What whoever follows the events of one device asks and tells of it. */
export interface EventSides {
  store(device: DeviceId, events: readonly CameraEvent[]): Promise<CameraEvent[]>;
  admit(device: DeviceId): Promise<void>;
  lost(device: DeviceId): void;
  asked(device: DeviceId, problem: string | null): void;
}

export interface ChannelEventsDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  onvif: OnvifPorts;
  /** Those of a camera; given the channels where they are meant. */
  sides: EventSides;
  /** Why nothing of a device is taken: another unit answers; null while there is no reason. */
  withheld(device: DeviceId): string | null;
}

/** Events of a source that is no channel here. */
export interface UnknownSource {
  source: string;
  events: number;
  lastAtMs: number;
}

/** How the events of a recorder come, for a technician; counted since the start of the gateway. */
export interface RecorderEvents {
  /** Whether the recorder tells its events now. */
  told: boolean;
  /** Why not; null while it does, or was not asked yet. */
  problem: string | null;
  /** Events that were no channel's. */
  unknownEvents: number;
  /** Whose they were; the one heard of last comes first. */
  unknown: UnknownSource[];
}

interface Followed extends Omit<RecorderEvents, 'unknown'> {
  tokens: SourceTokens;
  /** As of the last subscription. */
  channels: readonly DeviceId[];
  unknown: Map<string, Omit<UnknownSource, 'source'>>;
}

const UNKNOWN_MAX = 32;
const TOKEN_MAX_CHARACTERS = 64;
const UNNAMED = '(none named)';

/**
 * What recorders notice, led to their channels: one subscription at a recorder tells what happens at all of them, and
 * each event names the source that saw it. A contact wired to the recorder is its own.
 */
export class ChannelEvents {
  readonly #deps: ChannelEventsDeps;
  readonly #log: Logger;
  readonly #apart: Counter<'reason'>;
  readonly #followed = new Map<DeviceId, Followed>();

  constructor(deps: ChannelEventsDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'recorder-events' });
    this.#apart = new Counter({
      name: 'citywatch_recorder_events_apart_total',
      help: 'Events of recorders that went to no channel: of a source that is none here, or another unit answers.',
      labelNames: ['reason'],
      registers: [deps.observer.metrics],
    });
  }

  /** The sides of the loop of one recorder, in the place of those of a camera. */
  follow(recorder: DeviceId, access: OnvifAccess): EventSides {
    const followed: Followed = {
      told: false,
      problem: null,
      unknownEvents: 0,
      tokens: new SourceTokens([]),
      channels: [],
      unknown: new Map(),
    };
    this.#followed.set(recorder, followed);
    return {
      store: (id, events) => this.#store(id, followed, events),
      admit: (id) => this.#admit(id, followed, access),
      lost: (id) => {
        for (const one of [id, ...followed.channels]) this.#deps.sides.lost(one);
      },
      asked: (id, problem) => {
        followed.told = problem === null;
        followed.problem = problem;
        this.#deps.sides.asked(id, problem);
      },
    };
  }

  /** Nobody follows it any more. */
  forget(recorder: DeviceId): void {
    this.#followed.delete(recorder);
  }

  /** Null for a device whose events are not followed for channels. */
  status(recorder: DeviceId): RecorderEvents | null {
    const followed = this.#followed.get(recorder);
    if (!followed) return null;
    const { told, problem, unknownEvents } = followed;
    const unknown = [...followed.unknown].map(([source, counted]) => ({ source, ...counted })).reverse();
    return { told, problem, unknownEvents, unknown };
  }

  /**
   * The recorder has just granted a subscription: it is asked for its sources anew, which a restart may have changed.
   * All its channels are one box: one of them is asked who it is. Throws as `inspectCamera`, and `other-unit`.
   */
  async #admit(recorder: DeviceId, followed: Followed, access: OnvifAccess): Promise<void> {
    const { database, onvif, sides } = this.#deps;
    followed.channels = [...(await sourcesBelow(database, recorder)).values()];
    const [one] = followed.channels;
    await sides.admit(recorder);
    if (one !== undefined) await sides.admit(one);
    followed.tokens = new SourceTokens(await readRecorder(access, onvif));
  }

  /** Channels go side by side: one whose events come too fast keeps back its own, and the next pull. */
  async #store(recorder: DeviceId, followed: Followed, events: readonly CameraEvent[]): Promise<CameraEvent[]> {
    const { database, sides } = this.#deps;
    const channels = await sourcesBelow(database, recorder).catch((error: unknown) => {
      this.#log.warn({ device: recorder, error: messageOf(error) }, 'the channels of a recorder could not be read');
    });
    if (!channels) return [...events];
    const byDevice = new Map<DeviceId, CameraEvent[]>();
    for (const event of events) {
      const device = this.#deviceOf(event, { recorder, followed, channels });
      if (device !== null) byDevice.set(device, [...(byDevice.get(device) ?? []), event]);
    }
    const owed = await Promise.all([...byDevice].map(([device, own]) => sides.store(device, own)));
    return owed.flat();
  }

  #deviceOf(
    { eye }: CameraEvent,
    at: { recorder: DeviceId; followed: Followed; channels: ReadonlyMap<string, DeviceId> },
  ): DeviceId | null {
    if (eye === null) return at.recorder;
    const source = at.followed.tokens.sourceOf(eye);
    const device = source === null ? undefined : at.channels.get(source);
    if (device === undefined) {
      this.#unknown(at.recorder, at.followed, source ?? (clean(eye[1], TOKEN_MAX_CHARACTERS) || UNNAMED));
      return null;
    }
    if (this.#deps.withheld(device) === null) return device;
    this.#apart.inc({ reason: 'other_unit' });
    return null;
  }

  #unknown(recorder: DeviceId, followed: Followed, source: string): void {
    this.#apart.inc({ reason: 'unknown_source' });
    followed.unknownEvents += 1;
    const before = followed.unknown.get(source);
    if (!before) this.#log.warn({ device: recorder, source }, 'a recorder tells events of a source that is no channel');
    followed.unknown.delete(source);
    followed.unknown.set(source, { events: (before?.events ?? 0) + 1, lastAtMs: this.#deps.clock.nowMs() });
    const oldest = followed.unknown.keys().next();
    if (followed.unknown.size > UNKNOWN_MAX && !oldest.done) followed.unknown.delete(oldest.value);
  }
}
