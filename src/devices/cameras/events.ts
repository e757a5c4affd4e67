import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import type { OnvifPorts } from '../onvif/inspect.ts';
import { openOnvif } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { accessHash } from './access-hash.ts';
import { CameraEventLoop, LOOP_TIMES, type LoopCounts, type LoopDeps } from './event-loop.ts';
import { ActiveSources } from './event-memory.ts';

export interface CameraEventsDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  vault: Vault;
  onvif: OnvifPorts;
  /** Whether devices of this kind are cameras. */
  hasVideo(kind: string): boolean;
  store: LoopDeps['store'];
  admit: LoopDeps['admit'];
  lost: LoopDeps['lost'];
  asked: LoopDeps['asked'];
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

/** One event loop per camera that has an ONVIF address, in step with the registry. */
export class CameraEvents {
  readonly #deps: CameraEventsDeps;
  readonly #log: Logger;
  readonly #counts: LoopCounts;
  readonly #sources: ActiveSources;
  readonly #loops = new Map<DeviceId, { loop: CameraEventLoop; access: string }>();
  /** Cameras whose registration may have changed; each is there once, so there are never more than cameras. */
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

  /** The registration of a device was changed; devices without video may be named too. */
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
    const columns = db.selectFrom('position').select(['id', 'kind', 'onvif']);
    const there = columns.where('onvif', 'is not', null).where('state', '!=', 'retired');
    // Its loop begins again when its login was changed.
    return there.where('login_held_ms', 'is', null);
  }

  /** Brings one loop in step with its row; undefined is a device that is retired or speaks no ONVIF. */
  async #apply(id: DeviceId, row: CameraRow | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    // A recorder tells each of its channels what happens at all of them: nothing is believed to have happened there.
    const tells = row?.onvif && !row.onvif.source && this.#deps.hasVideo(row.kind);
    const access = tells ? openOnvif(this.#deps.vault, id, row.onvif!) : null;
    const current = this.#loops.get(id);
    const hash = access && accessHash(access);
    if ((current?.access ?? null) === hash) return;
    if (current) {
      this.#loops.delete(id);
      await current.loop.stop();
      void current.loop.unsubscribe();
    }
    if (!access || hash === null) return this.#sources.remember(id, []);
    const { onvif, clock, store, admit, lost, asked } = this.#deps;
    const remember = this.#sources.remember.bind(this.#sources);
    const deps = { onvif, clock, store, admit, lost, asked, remember, log: this.#log, counts: this.#counts };
    const loop = new CameraEventLoop(deps, { id, access, active: this.#sources.of(id) }, LOOP_TIMES);
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

type CameraRow = Pick<RegistryTables['position'], 'id' | 'kind' | 'onvif'>;

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
