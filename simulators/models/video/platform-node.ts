import { chance, momentsOf, type Span, wander, within } from '../chance.ts';
import { type Being, type Happening, type Model, traitOf, type Values } from '../model.ts';

const CHILDREN = 40;
const HOUR_MS = 3_600_000;
const EXPIRES_S = 3_600;

function readNode(being: Being, atMs: number): Values[] {
  const total = traitOf(being, 'children', CHILDREN);
  const away = Math.floor(total * 0.06 * (1 + wander(being.seed, 'away', atMs, HOUR_MS)));
  return [
    {
      up: true,
      children_total: total,
      children_online: total - away,
      catalog_size: total,
      lag_s: within(0.4 + 0.3 * wander(being.seed, 'lag', atMs, 60_000), 0, 1e8, 3),
      version: chance(being.seed, 'version') < 0.5 ? 'GB/T 28181-2016' : 'GB/T 28181-2022',
    },
  ];
}

/** It registers anew each hour. */
function happensAtNode(being: Being, span: Span): Happening[] {
  return momentsOf(being.seed, 'registered', { span, slotMs: HOUR_MS, oddsAt: () => 1 }).map((atMs) => {
    return { atMs, type: 'registered', data: { expires_s: EXPIRES_S } };
  });
}

export const platformNode: Model = {
  kind: 'platform-node',
  periodS: 60,
  firmware: ['2016', '2022'],
  read: readNode,
  happen: happensAtNode,
};
