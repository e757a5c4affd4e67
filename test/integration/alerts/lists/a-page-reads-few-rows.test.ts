import t from 'tap';
import { type AlertPageOf, AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { blocksOf } from '../../../support/alerts/many/blocks.ts';
import { fillAlerts, HIDDEN_PERSON } from '../../../support/alerts/many/many-alerts.ts';
import { openDatabase } from '../../../support/devices/registry.ts';

const ALERTS = 30_000;
/** A block holds some twenty of them. */
const BLOCKS_MAX = 300;

/** What is rare among many: without an index of its own, each would read through all. */
const RARE: Record<string, Partial<AlertPageOf>> = {
  device: { device: 'd-7' },
  'absent device': { device: 'nobody' },
  rule: { rule: 'rule-7' },
  'absent rule': { rule: 'nothing' },
  extreme: { severity: 'extreme' },
  assigned: { handling: 'assigned' },
  stale: { condition: 'stale' },
  recovering: { condition: 'recovering' },
  silenced: { visibility: 'silenced' },
  shelved: { visibility: 'shelved' },
  class: { wanted: { classes: ['system'] } },
  person: { mine: { id: HIDDEN_PERSON, username: HIDDEN_PERSON } },
  level: { level: 'city' },
  storm: { parts: true },
  hour: { fromMs: Date.now() - 3_600_000, toMs: Date.now() },
  newest: {},
  urgency: { order: 'urgency' },
  'urgency of open ones': { order: 'urgency', open: true },
  'urgency of those in hand': { order: 'urgency', handling: 'assigned' },
  'urgency of a desk that has no open ones': { order: 'urgency', open: true, wanted: { desk: 'police' } },
  // It has none that are open: those of the other desk stand before them.
  'urgency of a desk': { order: 'urgency', wanted: { desk: 'police' } },
  open: { open: true },
};

t.test('a page of alerts is found without reading through all that ever were', async (t) => {
  const database = await openDatabase(t);
  await fillAlerts(database, ALERTS);
  const queries = new AlertQueries(database);
  const all = await blocksOf(database, () => queries.counts(ADMIN, {}));
  t.ok(all > 3 * BLOCKS_MAX, `all of them are ${all} blocks`);
  for (const [what, filter] of Object.entries(RARE)) {
    const blocks = await blocksOf(database, () => queries.rows(ADMIN, { ...filter, limit: 100 }));
    t.ok(blocks <= BLOCKS_MAX, `${what}: ${blocks} blocks`);
  }
  const community: Caller = { ...ADMIN, id: 'community', jurisdiction: '330203004007' };
  const urgent: AlertPageOf = { order: 'urgency', limit: 100 };
  const blocks = await blocksOf(database, () => queries.rows(community, urgent));
  t.ok(blocks <= 3 * BLOCKS_MAX, `urgency of a community: ${blocks} blocks`);
});
