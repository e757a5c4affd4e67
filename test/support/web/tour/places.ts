import type { Page } from 'playwright-core';
import { PIECE_NAMES, pieceAddress } from '../../../../web/src/admin/pieces.ts';
import { until } from '../../time/until.ts';
import type { LivedIn, Person } from './lived-in.ts';

/** One view, and how it is seen that what belongs there is there. */
export interface Place {
  name: string;
  path: string;
  /** Something that stands there once the gateway has answered. */
  there: string;
  /** What somebody does there before there is something to see. */
  doThere?(page: Page): Promise<void>;
}

/** Who has not signed in. */
export const STRANGERS: Place[] = [
  { name: 'login', path: '/', there: 'input[name=username]' },
  { name: 'set-up', path: '/wall', there: 'input[name=token]' },
];

/** Second screens, each signed in by a token of its own. */
export const SCREENS: (Place & { name: 'wall' | 'map' | 'desk' })[] = [
  { name: 'wall', path: '/wall', there: '.display .tile', doThere: moving },
  { name: 'map', path: '/map', there: '.display .map-gl', doThere: drawn },
  { name: 'desk', path: '/desk', there: '.display .alert-list > li', doThere: moving },
];

const PURPOSE = '巡查 Patrol';

/** Where each person goes; every view of the console is some person's. */
export function placesOf(lived: LivedIn): Record<Person, Place[]> {
  return { officer: officer(lived), commander: commander(), technician: technician(lived), administrator: admin() };
}

function officer({ fire, plate, watchlist }: LivedIn): Place[] {
  return [
    { name: 'duty', path: '/', there: '.alert-list > li', doThere: moving },
    { name: 'case', path: `/alerts/${fire}`, there: '.seen img' },
    { name: 'case-plate', path: `/alerts/${plate}`, there: '.seen img' },
    { name: 'map', path: '/map', there: '.map-rows li', doThere: drawn },
    { name: 'video', path: '/video?layout=9', there: '.video-tile', doThere: moving },
    { name: 'video-focus', path: '/video?layout=4&focus=cam-07', there: '.ptz, .video-tile', doThere: moving },
    { name: 'passages', path: '/passages?area=330203', there: '.pass-form', doThere: searchPassages },
    { name: 'watchlists', path: '/watchlists', there: '.paper-row' },
    { name: 'watchlist', path: `/watchlists/${watchlist}`, there: '.paper-rows > li' },
    { name: 'shift', path: '/shift', there: '.paper-row' },
    { name: 'settings', path: '/settings', there: '.settings' },
  ];
}

function commander(): Place[] {
  return [
    { name: 'hand-over', path: '/shift', there: '.paper-row', doThere: openFirst },
    { name: 'figures', path: '/figures', there: '.paper-table tbody tr' },
    { name: 'recordings', path: '/video?layout=4', there: '.video-tile', doThere: recorded },
  ];
}

function technician({ order }: LivedIn): Place[] {
  return [
    { name: 'duty-maintenance', path: '/', there: '.alert-list > li' },
    { name: 'devices', path: '/devices', there: '.device-list > li' },
    { name: 'device', path: '/devices/kiosk-001', there: '.device-page .chart canvas' },
    { name: 'device-camera', path: '/devices/cam-06', there: '.device-page' },
    { name: 'add-device', path: '/add-device', there: 'form' },
    { name: 'orders', path: '/orders', there: '.screen-orders main li, .screen-orders li' },
    { name: 'order', path: `/orders/${order}`, there: '.screen-order button' },
  ];
}

function admin(): Place[] {
  const pieces = PIECE_NAMES.map((name) => ({
    name: `admin-${name}`,
    path: pieceAddress(name),
    there: '.admin-shown h2, .admin-shown h3',
  }));
  return [{ name: 'admin', path: '/admin', there: '.admin-nav a' }, ...pieces];
}

/** No camera in view is still waited for. */
async function moving(page: Page): Promise<void> {
  await until('pictures of the cameras in view', async () => (await page.evaluate(BLANK)) === 0);
}

/** The ground and its devices are drawn: a blank picture is a small file. */
async function drawn(page: Page): Promise<void> {
  const map = page.locator('.map-gl');
  await until('the map to be drawn', async () => (await map.screenshot()).length > BLANK_MAP_BYTES);
}

const BLANK_MAP_BYTES = 12_000;

const BLANK = `[...document.querySelectorAll('.tile')].filter((tile) => {
  const { top, bottom } = tile.getBoundingClientRect();
  return top < innerHeight && bottom > 0 && tile.matches('.tile-starting');
}).length`;

async function searchPassages(page: Page): Promise<void> {
  await page.locator('input[name=purpose]').fill(PURPOSE);
  await page.locator('input[name=case]').fill('A-2026-7');
  await page.locator('.pass-form button[type=submit]').click();
  await page.locator('.paper-rows > li').first().waitFor();
}

async function openFirst(page: Page): Promise<void> {
  await page.locator('a.paper-row').first().click();
  await page.locator('.hand-items li').first().waitFor();
}

async function recorded(page: Page): Promise<void> {
  await page.locator('.to-recordings, button:has-text("Recordings"), button:has-text("录像")').first().click();
  await page.locator('.timeline, .playback').first().waitFor();
}
