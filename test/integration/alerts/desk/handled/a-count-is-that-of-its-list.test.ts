import fc from 'fast-check';
import t from 'tap';
import { ROLES } from '../../../../../src/access/rights.ts';
import type { AlertFilter } from '../../../../../src/alerts/desk/filter.ts';
import { saveAlerts } from '../../../../../src/alerts/desk/log/write.ts';
import { AlertQueries } from '../../../../../src/alerts/desk/queries.ts';
import { type AlertRow, HANDLINGS } from '../../../../../src/alerts/desk/tables.ts';
import { CLASSES, DESKS } from '../../../../../src/alerts/rules/classes.ts';
import { systemClock } from '../../../../../src/core/clock.ts';
import { covers } from '../../../../../src/core/jurisdiction.ts';
import type { Caller } from '../../../../../src/core/types.ts';
import { DATABASE_LIMITS, Database } from '../../../../../src/platform/database/database.ts';
import { migrate } from '../../../../../src/platform/database/migrate.ts';
import { alertRow } from '../../../../support/alerts/alert-row.ts';
import { quietObserver } from '../../../../support/services/services.ts';
import { freshDatabase } from '../../../../support/services/shared-database.ts';

const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const queries = new AlertQueries(database);

const AREAS = ['330203', '330212', '330200', '510700'];
const AGENCIES = [null, '330203510000', '330203520000'];
const CONDITIONS = ['active', 'recovering', 'cleared', 'stale'] as const;
const VISIBILITIES = ['normal', 'silenced', 'inhibited', 'shelved', 'test'] as const;
const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'];
const COUNT = 240;

const rows = Array.from({ length: COUNT }, (_, n): AlertRow => {
  const pick = <Value>(values: readonly Value[], step: number): Value => values[Math.floor(n / step) % values.length]!;
  return alertRow({
    id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    dedup_key: `r|d-${n}`,
    rule: pick(['kiosk-full', 'kiosk-fire'], 7),
    device: `d-${n % 9}`,
    first_at_ms: 1_000 + (n % 50),
    jurisdiction: pick(AREAS, 1),
    police: pick(AGENCIES, 3),
    handling: pick(HANDLINGS, 2),
    condition: pick(CONDITIONS, 5),
    visibility: pick(VISIBILITIES, 11),
    severity: pick(SEVERITIES, 4),
    class: pick(CLASSES, 6),
    desk: pick(DESKS, 9),
  });
});
await saveAlerts(database, rows);

const some = <Value>(values: readonly Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const filters = fc.record({
  open: some([true, false]),
  handling: some(HANDLINGS),
  condition: some(CONDITIONS),
  visibility: some(VISIBILITIES),
  severity: some(SEVERITIES),
  rule: some(['kiosk-full', 'kiosk-fire', 'none']),
  device: some(['d-1', 'd-8']),
  wanted: some([{ desk: 'police' as const }, { classes: ['fault' as const, 'system' as const] }]),
  devices: some([['d-1', 'd-2'], []]),
  police: some([['330203510000'], ['330203510000', '330203520000']]),
  area: some([{ code: '330200', members: [] }]),
});
const callers = fc
  .record({
    role: fc.constantFrom(...ROLES),
    jurisdiction: fc.constantFrom('000000', '330000', ...AREAS),
    police: fc.constantFrom(null, '330203510000'),
  })
  .map(({ police, ...rest }): Caller => {
    const limit = police === null ? {} : { police, agencies: [police] };
    return { type: 'person', id: 'li', name: 'Li', purpose: null, ...rest, ...limit };
  });

/** Page by page, in both orders. */
async function listed(caller: Caller, filter: AlertFilter, order: 'newest' | 'urgency'): Promise<string[]> {
  const ids: string[] = [];
  for (let after: Awaited<ReturnType<typeof queries.list>>['next'] = null; ; ) {
    const page = await queries.list(caller, { ...filter, order, limit: 30, ...(after ? { after } : {}) });
    ids.push(...page.items.map(({ id }) => id));
    after = page.next;
    if (!after) return ids;
  }
}

t.test('the visible count is the visible list, for every role and every filter', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      callers,
      filters,
      fc.constantFrom('newest' as const, 'urgency' as const),
      async (caller, given, order) => {
        const filter = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value !== undefined),
        ) as AlertFilter;
        const counts = await queries.counts(caller, filter);
        const ids = await listed(caller, filter, order);
        t.equal(new Set(ids).size, ids.length, 'none twice');
        t.equal(ids.length, counts.all, JSON.stringify({ caller, filter }));
        const shown = rows.filter(({ id }) => ids.includes(id));
        t.ok(
          shown.every((alert) => covers(caller, alert)),
          'nothing from across the border',
        );
        for (const by of ['severity', 'handling', 'condition', 'visibility'] as const) {
          const values = Object.entries(counts[by]);
          t.ok(
            values.every(([value, count]) => shown.filter((alert) => alert[by] === value).length === count),
            by,
          );
          t.equal(
            values.reduce((sum, [, count]) => sum + count, 0),
            counts.all,
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

t.test('the numbers of an area are those of the lists of open alerts', async (t) => {
  for (const jurisdiction of ['000000', ...AREAS]) {
    const caller: Caller = { type: 'person', id: 'li', name: 'Li', role: 'viewer', jurisdiction, purpose: null };
    const open = await queries.openCounts(caller);
    for (const desk of DESKS) {
      for (const severity of SEVERITIES) {
        const ids = await listed(caller, { open: true, severity, wanted: { desk } }, 'urgency');
        t.equal(open[desk][severity] ?? 0, ids.length, `${severity} of ${desk} in ${jurisdiction}`);
      }
    }
  }
});
