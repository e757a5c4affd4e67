import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import type { OnvifPorts } from '../onvif/inspect.ts';
import type { EventSides } from '../recorders/channel-events.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import { openOnvif } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { accessHash } from './access-hash.ts';
import { CameraEventLoop, LOOP_TIMES, type LoopCounts, type LoopSize, MANY_EYES, ONE_EYE } from './event-loop.ts';
import { ActiveSources } from './event-memory.ts';

export interface CameraEventsDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  vault: Vault;
  onvif: OnvifPorts;
  /** Whether devices of this kind are cameras. */
  hasVideo(kind: string): boolean;
  /** Of each camera. */
  sides: EventSides;
  /** Leads what a recorder notices to its channels. */
  recorders: { follow(recorder: DeviceId, access: OnvifAccess): EventSides; forget(recorder: DeviceId): void };
}

export interface CameraEventsOptions {
  /** File that remembers over a restart what was going on. */
  path: string;
}

/** From one start of a loop to the next, so that a city does not begin at once. */
const START_GAP_MS = 15;
const PAGE = 200;
const AGAIN_MS = 1_000;
const FAREWELLS_AT_ONCE = 64;
const FAREWELL_MS = 2_000;

/** One event loop per camera that has an ONVIF address, and one per recorder, in step with the registry. */
export class CameraEvents {
  readonly #deps: CameraEventsDeps;
  readonly #log: Logger;
  readonly #counts: LoopCounts;
  readonly #sources: ActiveSources;
  readonly #loops = new Map<DeviceId, { loop: CameraEventLoop; access: string }>();
  /** Devices whose registration may have changed; each is there once, so there are never more than devices. */
  readonly #due = new Set<DeviceId>();
  readonly #stopping = new AbortController();
  #wake: () => void = () => {};
  #running: Promise<void> | null = null;

  constructor(deps: CameraEventsDeps, { path }: CameraEventsOptions) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'camera-events' });
    this.#sources = new ActiveSources({ path, clock: deps.clock, log: this.#log });
    this.#counts = countsOn(deps.observer);
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  /** The registration of a device was changed, or that of a channel below it. */
  changed(id: DeviceId): void {
    this.#due.add(id);
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
    const loops = [...this.#loops.values()].map(({ loop }) => loop);
    await Promise.all(loops.map((loop) => loop.stop()));
    await this.#sources.save();
    this.#loops.clear();
    await this.#farewell(loops);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    await this.#sources.load();
    let after: DeviceId | null = '';
    while (!signal.aborted) {
      try {
        if (this.#due.size > 0) await this.#follow(signal);
        else if (after !== null) after = await this.#nextPage(after, signal);
        else await this.#woken();
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'cameras could not be looked up');
        await clock.sleep(AGAIN_MS, signal);
      }
    }
  }

  /** Resolves at the next change, or at the end. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#due.size > 0 || this.#stopping.signal.aborted) resolve();
    });
  }

  /** Starts the loops of one page of cameras; the id to go on after, or null at the end. */
  async #nextPage(after: DeviceId, signal: AbortSignal): Promise<DeviceId | null> {
    const rows = await this.#query().where('id', '>', after).orderBy('id').limit(PAGE).execute();
    for (const row of rows) await this.#apply(row.id, row, signal);
    return rows.length < PAGE ? null : rows.at(-1)!.id;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const ids = [...this.#due].slice(0, PAGE);
    // Before the look, so that a change during it leads to another one.
    for (const id of ids) this.#due.delete(id);
    try {
      const rows = new Map((await this.#query().where('id', 'in', ids).execute()).map((row) => [row.id, row]));
      for (const id of ids) await this.#apply(id, rows.get(id), signal);
    } catch (error) {
      for (const id of ids) this.#due.add(id);
      throw error;
    }
  }

  #query() {
    const db = this.#deps.database.tables<RegistryTables>();
    const columns = db
      .selectFrom('position')
      .select(['id', 'kind', 'parent', 'onvif'])
      .select((eb) =>
        eb
          .exists(
            eb
              .selectFrom('position as channel')
              .select('channel.id')
              .whereRef('channel.parent', '=', 'position.id')
              .where('channel.state', '!=', 'retired')
              .where(sql<boolean>`channel.onvif ? 'source'`),
          )
          .$castTo<boolean>()
          .as('channels'),
      );
    const there = columns.where('onvif', 'is not', null).where('state', '!=', 'retired');
    // Its loop begins again when its login was changed.
    return there.where('login_held_ms', 'is', null);
  }

  /** Brings one loop in step with its row; undefined is a device that is retired or speaks no ONVIF. */
  async #apply(id: DeviceId, row: CameraRow | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const access = row?.onvif && tells(row, this.#deps.hasVideo) ? openOnvif(this.#deps.vault, id, row.onvif) : null;
    const isRecorder = row !== undefined && !this.#deps.hasVideo(row.kind);
    if (row?.parent && row.onvif?.source) this.changed(row.parent);
    const current = this.#loops.get(id);
    const hash = access && accessHash(access);
    if ((current?.access ?? null) === hash) return;
    if (current) {
      this.#loops.delete(id);
      await current.loop.stop();
      void current.loop.unsubscribe();
      this.#deps.recorders.forget(id);
    }
    if (!access || hash === null) return this.#sources.remember(id, []);
    const { onvif, clock, recorders } = this.#deps;
    const remember = this.#sources.remember.bind(this.#sources);
    const sides = isRecorder ? recorders.follow(id, access) : this.#deps.sides;
    const { messageMs, sourcesMax }: LoopSize = isRecorder ? MANY_EYES : ONE_EYE;
    const deps = { onvif, clock, ...sides, remember, log: this.#log, counts: this.#counts };
    const camera = { id, access, active: this.#sources.of(id), sourcesMax };
    const loop = new CameraEventLoop(deps, camera, { ...LOOP_TIMES, messageMs });
    this.#loops.set(id, { loop, access: hash });
    loop.start();
    await clock.sleep(START_GAP_MS, signal);
  }

  /** Takes back the subscriptions, as far as cameras answer within a short time; the others end by themselves. */
  async #farewell(loops: CameraEventLoop[]): Promise<void> {
    const { clock } = this.#deps;
    const endMs = clock.monotonicMs() + FAREWELL_MS;
    const waiting = [...loops];
    const worker = async (): Promise<void> => {
      for (let loop = waiting.pop(); loop && clock.monotonicMs() < endMs; loop = waiting.pop()) {
        await loop.unsubscribe();
      }
    };
    const enough = clock.sleep(FAREWELL_MS);
    await Promise.race([Promise.all(Array.from({ length: FAREWELLS_AT_ONCE }, worker)), enough]);
  }
}

type CameraRow = Pick<RegistryTables['position'], 'id' | 'kind' | 'parent' | 'onvif'> & { channels: boolean };

/** A camera tells its own events, a recorder those of its channels: they are not asked for them. */
function tells({ kind, onvif, channels }: CameraRow, hasVideo: (kind: string) => boolean): boolean {
  return hasVideo(kind) ? !onvif?.source : channels;
}

function countsOn({ metrics }: Observer): LoopCounts {
  const counts: LoopCounts = {
    subscribed: 0,
    messages: new Counter({
      name: 'citywatch_camera_event_messages_total',
      help: 'Messages pulled from cameras by outcome: event, or why it is none.',
      labelNames: ['outcome'],
      registers: [metrics],
    }),
    ended: new Counter({
      name: 'citywatch_camera_event_subscriptions_ended_total',
      help: 'Event subscriptions at cameras that ended or could not be made, by reason.',
      labelNames: ['reason'],
      registers: [metrics],
    }),
  };
  new Gauge({
    name: 'citywatch_camera_event_subscriptions',
    help: 'Cameras that tell us their events now.',
    registers: [metrics],
    collect() {
      this.set(counts.subscribed);
    },
  });
  return counts;
}
