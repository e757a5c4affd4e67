import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { Turns } from '../../core/mechanisms/turns.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';

/** A map service of the operator's, as the settings name it. */
export interface TileService {
  /** With `{z}`, `{x}` and `{y}` behind its host. */
  url: string;
  datum: 'wgs84' | 'gcj02';
  /** The last zoom that it has. */
  zoomMax: number;
  /** Whose map it is, to stand below it. */
  attribution: string | null;
}

export interface Tile {
  type: 'image/png' | 'image/jpeg' | 'image/webp';
  body: Buffer;
}

export interface TilesLimits {
  /** Of one tile. */
  bytesMax: number;
  /** Of all tiles that are kept. */
  keptBytesMax: number;
  keptMs: number;
  /** Until the service must have answered. */
  answerMs: number;
  /** Questions to the service at the same time. */
  atOnce: number;
  /** How long the next one waits for its turn. */
  waitMs: number;
}

/**
 * What is counted for a tile at least: small bodies may be cut from a slab of Node's pool of this size, which stays as
 * long as one of them. A service has millions of tiles of the sea, each of a hundred bytes.
 */
const KEPT_BYTES_MIN = 8 * 1024;

export const TILES_LIMITS: TilesLimits = {
  bytesMax: 512 * 1024,
  keptBytesMax: 64 * 1024 * 1024,
  keptMs: DAY_MS,
  answerMs: 10_000,
  // As many as one window wants at once.
  atOnce: 16,
  waitMs: 2_000,
};

export interface TilesDeps {
  outbound: Pick<Outbound, 'http'>;
  clock: Clock;
  limits: TilesLimits;
}

/**
 * Tiles of a map service, fetched for browsers that reach nothing but the gateway. Only the address of the settings is
 * asked, with three numbers put into it; redirects are not followed, and nothing but pictures is passed on.
 */
export class Tiles {
  readonly service: TileService;
  readonly #deps: TilesDeps;
  readonly #asked = new JoinedByKey<string, Tile>();
  /** The one used longest ago comes first. */
  readonly #kept = new Map<string, { tile: Tile; atMs: number }>();
  #keptBytes = 0;
  readonly #turns: Turns;

  constructor(service: TileService, deps: TilesDeps) {
    this.service = service;
    this.#deps = deps;
    this.#turns = new Turns(deps.clock, deps.limits.atOnce);
  }

  /**
   * The tile of column `x` (from the west) and row `y` (from the north). Errors: `not-found` where there is none,
   * `request.rate` where too many are asked for, `outbound.failed` where the service gives no picture.
   */
  async get(z: number, x: number, y: number): Promise<Tile> {
    const most = 2 ** z;
    if (z > this.service.zoomMax || x >= most || y >= most) throw new CitywatchError('not-found');
    const key = `${z}/${x}/${y}`;
    return this.#find(key) ?? (await this.#asked.run(key, () => this.#ask(key, { z, x, y })));
  }

  #find(key: string): Tile | null {
    const kept = this.#kept.get(key);
    if (!kept) return null;
    this.#kept.delete(key);
    if (this.#deps.clock.monotonicMs() - kept.atMs > this.#deps.limits.keptMs) {
      this.#keptBytes -= weightOf(kept.tile);
      return null;
    }
    this.#kept.set(key, kept);
    return kept.tile;
  }

  async #ask(key: string, numbers: Record<'z' | 'x' | 'y', number>): Promise<Tile> {
    const { outbound, limits } = this.#deps;
    if (!(await this.#turns.enter(limits.waitMs))) throw new CitywatchError('request.rate', { retryAfterS: 1 });
    try {
      const url = this.service.url.replace(/\{([zxy])\}/g, (_, name: 'z' | 'x' | 'y') => String(numbers[name]));
      const { status, body } = await outbound.http({
        url,
        method: 'GET',
        deadlineMs: limits.answerMs,
        maxBytes: limits.bytesMax,
        networks: 'services',
        setting: 'CITYWATCH_MAP_TILES_URL',
      });
      if (status === 404 || status === 204) throw new CitywatchError('not-found');
      const type = status === 200 ? typeOf(body) : null;
      if (type === null) {
        const detail = `The map service answered ${status} and no picture.`;
        throw new CitywatchError('outbound.failed', { detail });
      }
      const tile = { type, body };
      this.#keep(key, tile);
      return tile;
    } finally {
      this.#turns.leave();
    }
  }

  #keep(key: string, tile: Tile): void {
    this.#kept.set(key, { tile, atMs: this.#deps.clock.monotonicMs() });
    this.#keptBytes += weightOf(tile);
    for (const [oldest, { tile: old }] of this.#kept) {
      if (this.#keptBytes <= this.#deps.limits.keptBytesMax) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= weightOf(old);
    }
  }
}

function weightOf({ body }: Tile): number {
  return Math.max(body.length, KEPT_BYTES_MIN);
}

/** By its first bytes, whatever the service calls it; null for what is no picture. */
function typeOf(body: Buffer): Tile['type'] | null {
  if (body.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'image/png';
  if (body.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'image/jpeg';
  const isWebp =
    body.subarray(0, 4).toString('latin1') === 'RIFF' && body.subarray(8, 12).toString('latin1') === 'WEBP';
  return isWebp ? 'image/webp' : null;
}
