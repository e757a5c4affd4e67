import type { ViewerParts } from '../../../src/api/ports.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { covers } from '../../../src/core/jurisdiction.ts';
import type { Caller } from '../../../src/core/types.ts';
import type { Wall } from '../../../src/streams/walls/wall.ts';
import { HERE } from './api-parts.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Questions to what a map is drawn from, and to walls of cameras. */
export const QUESTIONS_OF_VIEWS: Record<string, string> = {
  'GET /map/devices': '/map/devices',
  'GET /map/moving': '/map/moving',
  'GET /map/base': '/map/base',
  'GET /map/outlines.geojson': '/map/outlines.geojson',
  'GET /map/city.pmtiles': '/map/city.pmtiles',
  'GET /map/tiles/{tile}': '/map/tiles/1-0-0',
  'GET /displays': '/displays',
  'GET /session/display': '/session/display',
  'GET /walls': '/walls',
  'GET /walls/{id}': `/walls/${NOBODY}`,
};

/** What lies below a map is everybody's, and of devices each gets their own. */
export const VIEW_REQUESTS = {
  'GET /api/v1/map/devices': { ownAreaOnly: true },
  'GET /api/v1/map/moving': { ownAreaOnly: true },
  'GET /api/v1/map/base': { ownAreaOnly: true },
  'GET /api/v1/map/outlines.geojson': { ownAreaOnly: true },
  'GET /api/v1/map/city.pmtiles': { ownAreaOnly: true },
  'GET /api/v1/map/tiles/:tile': { part: '1-0-0', ownAreaOnly: true },
  'GET /api/v1/displays': { ownAreaOnly: true },
  'POST /api/v1/displays': { payload: { name: 'x', view: 'map', jurisdiction: '330212', address: '10.1.2.3' } },
  'POST /api/v1/displays/:id/token': { id: NOBODY },
  'DELETE /api/v1/displays/:id': { id: NOBODY, ifMatch: true },
  'GET /api/v1/session/display': { people: true },
  'GET /api/v1/walls': { ownAreaOnly: true },
  'POST /api/v1/walls': { payload: { name: 'gates', layout: 4, cameras: ['camera-1'] } },
  'GET /api/v1/walls/:id': { id: NOBODY },
  'PATCH /api/v1/walls/:id': { id: NOBODY, payload: { name: 'gates' }, ifMatch: true },
  'DELETE /api/v1/walls/:id': { id: NOBODY, ifMatch: true },
};

/** A ground that is nearly empty. */
export function memoryBaseMap(): ViewerParts['baseMap'] {
  const body = Buffer.from('ffd8ffd9', 'hex');
  return {
    parts: async () => ({ city: true, tiles: null, outlines: true }),
    tile: async () => ({ type: 'image/jpeg', body }),
    city: async () => ({ bytes: body.length, mark: '1', read: async (from, to) => body.subarray(from, to + 1) }),
    outlines: async () => '{"type":"FeatureCollection","features":[]}',
  };
}

/** Walls of which none is kept, as if somebody of the area shared the one that is asked for. */
export function memoryWalls(cameras: string[] = []): ViewerParts['walls'] {
  const wall = (caller: Caller): Wall => {
    if (!covers(caller, HERE)) throw new CitywatchError('not-found');
    const { type, id, name } = caller;
    const owner = { type, id, name };
    const said = { name: 'gates', layout: 4, shared: true } as const;
    return { ...said, cameras, id: NOBODY, jurisdiction: HERE, owner, updatedAtMs: 0, version: 1 };
  };
  return {
    list: async () => [],
    get: async (caller) => wall(caller),
    create: async (caller) => wall(caller),
    change: async (caller) => wall(caller),
    remove: async (caller) => void wall(caller),
  };
}
