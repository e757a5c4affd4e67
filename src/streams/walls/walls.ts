import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers, ownArea, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Wall, WallInput } from './wall.ts';
import {
  areasAround,
  countShared,
  dropWall,
  findWall,
  holdWall,
  keepWall,
  sharedWalls,
  wallsOf,
} from './wall-table.ts';

export interface WallsDeps {
  database: Database;
  clock: Clock;
  rights: WallRights;
}

/** What is asked of who may do what. */
export interface WallRights {
  /** Whether the caller may see a camera. */
  sees(caller: Caller, camera: DeviceId): boolean;
  /** Whether the caller keeps order in an area of theirs: takes away what somebody shared there. */
  tends(caller: Caller, jurisdiction: string): boolean;
}

const OF_ONE_OWNER_MAX = 50;
const SHARED_IN_AREA_MAX = 200;

/**
 * Walls of cameras that people keep (`camera_wall`). One's own are seen by oneself alone until they are shared: then by
 * everybody whose area is that of the wall, lies in it, or has it in it. Each sees of its cameras those that are theirs
 * to see, and is not told that there are others.
 */
export class Walls {
  readonly #deps: WallsDeps;

  constructor(deps: WallsDeps) {
    this.#deps = deps;
  }

  /** One's own, then those that others share; by name. */
  async list(caller: Caller): Promise<Wall[]> {
    const { database } = this.#deps;
    const own = await wallsOf(database, caller);
    const area = ownArea(caller).code;
    const shared = await sharedWalls(database, wholeAreas(caller), areasAround(area));
    const others = shared.filter((wall) => !isOwner(caller, wall));
    return [...own, ...others].map((wall) => this.#shown(caller, wall));
  }

  /** Errors: `not-found`. */
  async get(caller: Caller, id: string): Promise<Wall> {
    return this.#shown(caller, seen(caller, await findWall(this.#deps.database, id)));
  }

  /** Keeps a wall; that its cameras are the caller's to see is checked before. Errors: `conflict.state`. */
  async create(caller: Caller, input: WallInput): Promise<Wall> {
    const { database, clock } = this.#deps;
    const { type, id: ownerId, name } = caller;
    const atMs = clock.nowMs();
    const wall: Wall = {
      ...input,
      id: randomUUID(),
      jurisdiction: caller.jurisdiction,
      owner: { type, id: ownerId, name },
      updatedAtMs: atMs,
      version: 1,
    };
    await database.transaction(async (tx) => {
      if ((await wallsOf(tx, caller)).length >= OF_ONE_OWNER_MAX) {
        throw new CitywatchError('conflict.state', { detail: `You have ${OF_ONE_OWNER_MAX} walls; remove one.` });
      }
      if (wall.shared) await requireRoom(tx, wall);
      await keepWall(tx, wall);
      await recordAudit(tx, { ...rowOf(caller, wall), action: 'wall.create', after: contentOf(wall), atMs });
    });
    return wall;
  }

  /**
   * Changes one's own. Errors: `not-found`, `auth.forbidden` for that of somebody else, `precondition.stale`,
   * `conflict.state` where the area has as many shared ones as it may have.
   */
  async change(caller: Caller, id: string, version: number, input: Partial<WallInput>): Promise<Wall> {
    const atMs = this.#deps.clock.nowMs();
    return await this.#held(caller, id, version, async (tx, before) => {
      if (!isOwner(caller, before)) {
        throw new CitywatchError('auth.forbidden', {
          detail: 'Only who keeps a wall changes it; keep one of your own.',
        });
      }
      const { name } = caller;
      const owner = { ...before.owner, name };
      const wall: Wall = { ...before, ...input, owner, updatedAtMs: atMs, version: version + 1 };
      if (wall.shared && !before.shared) await requireRoom(tx, wall);
      await keepWall(tx, wall);
      const [was, is] = [contentOf(before), contentOf(wall)];
      await recordAudit(tx, { ...rowOf(caller, wall), action: 'wall.change', before: was, after: is, atMs });
      return this.#shown(caller, wall);
    });
  }

  /** Removes one's own, or one that is shared in an area that the caller tends. Errors: as {@link change}. */
  async remove(caller: Caller, id: string, version: number): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    await this.#held(caller, id, version, async (tx, wall) => {
      if (!isOwner(caller, wall) && !this.#deps.rights.tends(caller, wall.jurisdiction)) {
        throw new CitywatchError('auth.forbidden', { detail: 'Its owner removes it.' });
      }
      await dropWall(tx, id);
      await recordAudit(tx, { ...rowOf(caller, wall), action: 'wall.remove', before: contentOf(wall), atMs });
    });
  }

  async #held<Result>(
    caller: Caller,
    id: string,
    version: number,
    change: (tx: Tables, wall: Wall) => Promise<Result>,
  ): Promise<Result> {
    return await this.#deps.database.transaction(async (tx) => {
      const wall = seen(caller, await holdWall(tx, id));
      if (wall.version !== version) throw new CitywatchError('precondition.stale');
      return await change(tx, wall);
    });
  }

  #shown(caller: Caller, wall: Wall): Wall {
    return { ...wall, cameras: wall.cameras.filter((camera) => this.#deps.rights.sees(caller, camera)) };
  }
}

/** Whether a wall is the caller's own. */
export function isOwner({ type, id }: Caller, { owner }: Wall): boolean {
  return owner.type === type && owner.id === id;
}

/** The wall, for who sees it. */
function seen(caller: Caller, wall: Wall | null): Wall {
  const { code } = ownArea(caller);
  const isShown =
    wall !== null &&
    (isOwner(caller, wall) ||
      (wall.shared &&
        (covers(wholeAreas(caller), wall.jurisdiction) || areasAround(code).includes(wall.jurisdiction))));
  if (!isShown) throw new CitywatchError('not-found');
  return wall;
}

async function requireRoom(tx: Tables, { jurisdiction }: Wall): Promise<void> {
  if ((await countShared(tx, jurisdiction)) < SHARED_IN_AREA_MAX) return;
  throw new CitywatchError('conflict.state', { detail: `Your area has ${SHARED_IN_AREA_MAX} shared walls.` });
}

function rowOf(caller: Caller, { id, jurisdiction }: Wall) {
  return { caller, subject: `wall/${id}`, jurisdiction };
}

function contentOf({ name, layout, cameras, shared, owner }: Wall) {
  return { name, layout, cameras, shared, owner: owner.name };
}
