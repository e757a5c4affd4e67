import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import type { Ranged } from '../server/byte-range.ts';
import { type Tile, type TileService, Tiles, type TilesDeps } from './tiles.ts';

/** What a map has below its devices. */
export interface BaseMapParts {
  /** Whether there is a file of vector tiles. */
  city: boolean;
  tiles: Omit<TileService, 'url'> | null;
  outlines: boolean;
}

export interface BaseMapDeps extends TilesDeps {
  /** Where the operator puts {@link CITY_FILE} and {@link OUTLINES_FILE}; need not be there. */
  directory: string;
  service: TileService | null;
}

export const CITY_FILE = 'city.pmtiles';
export const OUTLINES_FILE = 'outlines.geojson';

/** What is asked for at once of the file of tiles: a directory or a tile of it. */
export const PART_BYTES_MAX = 4 * 1024 * 1024;
const OUTLINES_BYTES_MAX = 4 * 1024 * 1024;

const position = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);
const line = z.array(position).max(20_000);
const geometry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Point'), coordinates: position }),
  z.object({ type: z.literal('LineString'), coordinates: line }),
  z.object({ type: z.literal('MultiLineString'), coordinates: z.array(line) }),
  z.object({ type: z.literal('Polygon'), coordinates: z.array(line) }),
  z.object({ type: z.literal('MultiPolygon'), coordinates: z.array(z.array(line)) }),
]);
/** GeoJSON (RFC 7946: WGS-84) of what the operator draws; of the properties what the map knows. */
export const outlines = z.object({
  type: z.literal('FeatureCollection'),
  features: z
    .array(
      z.object({
        type: z.literal('Feature'),
        geometry,
        properties: z
          .object({
            name: z.string().max(100).optional(),
            /** Of a line, px. */
            width: z.number().min(0.5).max(20).optional(),
            /** Whether the name stands along the line. */
            along: z.boolean().optional(),
          })
          .nullable(),
      }),
    )
    .max(10_000),
});
export type Outlines = z.output<typeof outlines>;

/** What the operator has for the ground of the map: files in the data directory, or a map service. */
export class BaseMap {
  readonly #directory: string;
  readonly #tiles: Tiles | null;
  /** What was read last, as JSON; null for what is no such GeoJSON. */
  #outlines: { mark: string; text: string | null } | null = null;

  constructor({ directory, service, ...deps }: BaseMapDeps) {
    this.#directory = directory;
    this.#tiles = service && new Tiles(service, deps);
  }

  async parts(): Promise<BaseMapParts> {
    const { url: _url, ...tiles } = this.#tiles?.service ?? { url: '' };
    return {
      city: await this.#has(CITY_FILE),
      tiles: this.#tiles ? (tiles as Omit<TileService, 'url'>) : null,
      outlines: await this.#has(OUTLINES_FILE),
    };
  }

  /** Errors: as {@link Tiles.get}. */
  tile(at: Record<'z' | 'x' | 'y', number>): Promise<Tile> {
    if (!this.#tiles) throw new CitywatchError('not-found');
    return this.#tiles.get(at.z, at.x, at.y);
  }

  /**
   * The file of vector tiles, to be read by parts, and a mark that changes with it. Errors: `not-found`; of a part that
   * is too large `request.invalid`.
   */
  async city(): Promise<Ranged & { mark: string }> {
    const path = join(this.#directory, CITY_FILE);
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) throw new CitywatchError('not-found');
    const read = (start: number, end: number) => partOf(path, start, end);
    return { bytes: found.size, mark: markOf(found), read };
  }

  /** {@link Outlines} as JSON. Errors: `not-found`; `config.invalid` for a file that is no such GeoJSON. */
  async outlines(): Promise<string> {
    const path = join(this.#directory, OUTLINES_FILE);
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) throw new CitywatchError('not-found');
    const mark = markOf(found);
    if (this.#outlines?.mark !== mark) this.#outlines = { mark, text: await outlinesIn(path, found.size) };
    if (this.#outlines.text !== null) return this.#outlines.text;
    const detail = `map/${OUTLINES_FILE} is no GeoJSON of at most ${OUTLINES_BYTES_MAX} bytes; see docs/console.md.`;
    throw new CitywatchError('config.invalid', { detail });
  }

  async #has(name: string): Promise<boolean> {
    return (await stat(join(this.#directory, name)).catch(() => null))?.isFile() ?? false;
  }
}

/** Only what the map knows of it; null where it is no such GeoJSON. */
async function outlinesIn(path: string, bytes: number): Promise<string | null> {
  if (bytes === 0 || bytes > OUTLINES_BYTES_MAX) return null;
  const read = outlines.safeParse(jsonOf((await partOf(path, 0, bytes - 1)).toString()));
  return read.success ? JSON.stringify(read.data) : null;
}

function markOf({ size, mtimeMs }: { size: number; mtimeMs: number }): string {
  return `${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}`;
}

async function partOf(path: string, start: number, end: number): Promise<Buffer> {
  const length = end - start + 1;
  if (length > PART_BYTES_MAX) {
    const detail = `Ask for at most ${PART_BYTES_MAX} bytes at once, with a Range.`;
    throw new CitywatchError('request.invalid', { detail });
  }
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
    // It became shorter meanwhile.
    if (bytesRead < length) throw new CitywatchError('not-found');
    return buffer;
  } finally {
    await file?.close();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
