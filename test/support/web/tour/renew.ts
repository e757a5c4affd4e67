import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '../../root.ts';
import { lighten, picture } from './tour.ts';

const IMAGES = join(ROOT, 'docs/images');
const DESK = 1440;
const PHONE = 390;

/** What each picture of docs/images shows: the place of the tour, and how wide the page is, px. */
const OF_DOCS: Record<string, { place: string; from: number }> = {
  console: { place: 'duty', from: DESK },
  case: { place: 'case', from: DESK },
  'case-on-a-phone': { place: 'case', from: PHONE },
  map: { place: 'map', from: DESK },
  video: { place: 'video', from: DESK },
  recordings: { place: 'recordings', from: DESK },
  passages: { place: 'passages', from: DESK },
  watchlist: { place: 'watchlist', from: DESK },
  shift: { place: 'shift', from: DESK },
  'hand-over': { place: 'hand-over', from: DESK },
  figures: { place: 'figures', from: DESK },
  devices: { place: 'devices', from: DESK },
  device: { place: 'device', from: DESK },
  'add-device': { place: 'add-device', from: DESK },
  orders: { place: 'orders', from: DESK },
  'order-on-a-phone': { place: 'order', from: PHONE },
  settings: { place: 'settings', from: DESK },
  people: { place: 'admin-people', from: DESK },
  screen: { place: 'desk', from: DESK },
};
/** A page of a desk is told by three quarters of its points. */
const SHOWN: Record<number, number> = { [DESK]: 1080, [PHONE]: PHONE };

/** Makes the pictures of the documentation that show what is on the page now. */
export async function renew(page: Page, place: string, from: number): Promise<void> {
  for (const [name, of] of Object.entries(OF_DOCS)) {
    if (of.place !== place || of.from !== from) continue;
    const path = join(IMAGES, `${name}.png`);
    await picture(page, path, { inView: true });
    await lighten(path, { width: SHOWN[from] ?? from });
  }
}
