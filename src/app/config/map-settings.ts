import { z } from 'zod';
import { optionalText, setting } from '../../core/setup/setting.ts';

const PLACES = ['{z}', '{x}', '{y}'];

function isTemplate(text: string): boolean {
  if (!/^https?:\/\/[^/{}@]+\/[^\s]*$/.test(text) || !URL.canParse(text)) return false;
  return PLACES.every((place) => text.split(place).length === 2);
}

/** Settings of the ground of the map. */
export const MAP = {
  tilesUrl: setting<string | null>(
    ['CITYWATCH_MAP_TILES_URL', 'Map service whose picture tiles the gateway fetches for the map of the console.'],
    z.string().max(2048).refine(isTemplate).nullable(),
    null,
    { range: 'a URL that starts with https:// or http://, with {z}, {x} and {y} in it', fromFile: true, secret: true },
  ),
  tilesDatum: setting<'wgs84' | 'gcj02'>(
    ['CITYWATCH_MAP_TILES_DATUM', 'In which coordinates its tiles are; devices are drawn to fit.'],
    z.enum(['wgs84', 'gcj02']),
    'wgs84',
    { range: 'wgs84 or gcj02' },
  ),
  tilesZoomMax: setting<number>(
    ['CITYWATCH_MAP_TILES_ZOOM_MAX', 'The last zoom that it has.'],
    z.int().min(1).max(22),
    18,
    { range: 'a whole number from 1 to 22', fromText: 'number' },
  ),
  tilesAttribution: optionalText(['CITYWATCH_MAP_TILES_ATTRIBUTION', 'Whose map it is, and its approval number.']),
};
