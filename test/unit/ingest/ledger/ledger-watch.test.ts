import t from 'tap';
import type { LedgerRow } from '../../../../src/ingest/ledger/balance.ts';
import { LedgerWatch } from '../../../../src/ingest/ledger/ledger-watch.ts';
import { quietObserver } from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { metric } from '../../../support/uplinks/mqtt.ts';

const EPOCH = { id: '0a0b0c0d', since: '2026-01-05T00:00:00.000Z', countedBy: 'journal' as const };

function row(kind: string, difference: number, stored = 10): LedgerRow {
  return {
    kind,
    jurisdiction: '330203',
    difference,
    messages: { total: 10, decoded: 10, deadLettered: 0, waiting: 0 },
    records: { total: 10, stored, duplicate: 0, deadLettered: 0, waiting: 0 },
  };
}

type Said = { values?: Record<string, unknown>; data?: Record<string, unknown> };

function watching() {
  const clock = new ManualClock();
  const observer = quietObserver();
  const state = { rows: [] as LedgerRow[] };
  const said: { values: Said['values'][]; events: Said['data'][] } = { values: [], events: [] };
  const alerts: { differs: boolean; data: unknown }[] = [];
  const database = { isAway: false };
  const watch = new LedgerWatch({
    ledger: { balance: async () => ({ asOf: [], balanced: false, epoch: EPOCH, epochs: [EPOCH], rows: state.rows }) },
    self: {
      say: (name, payload) => {
        const { values, data } = payload as Said;
        if (name === 'ledger') said.values.push(values);
        else said.events.push(data);
      },
    },
    alert: async (differs, data) => {
      if (database.isAway) throw new Error('away');
      alerts.push({ differs, data });
    },
    clock,
    observer,
    everyMs: 1_000,
  });
  watch.start();
  return { clock, observer, state, said, alerts, database, watch };
}

t.test('a difference that two looks in a row find is said, with its place, until it is gone', async (t) => {
  const { clock, observer, state, said, watch } = watching();
  await clock.advance(1_000);
  t.strictSame(said.values, [{ ledger_difference: 0 }], 'once after the start, to end an alert of an earlier life');
  state.rows = [row('camera', 0), row('kiosk', -2), row('vehicle', 0, 5)];
  await clock.advance(1_000);
  t.equal(said.values.length, 1, 'one look is not enough');
  await clock.advance(2_000);
  const where = { ledger_kind: 'vehicle', ledger_jurisdiction: '330203' };
  t.strictSame(said.values.slice(1), [
    { ledger_difference: 7, ...where },
    { ledger_difference: 7, ...where },
  ]);
  t.strictSame(said.events, [
    { kind: 'kiosk', jurisdiction: '330203', messages: -2, records: 0 },
    { kind: 'vehicle', jurisdiction: '330203', messages: 0, records: 5 },
  ]);
  t.equal(await metric(observer, 'citywatch_ledger_difference'), 7);
  state.rows = [row('kiosk', 0)];
  await clock.advance(3_000);
  t.strictSame(said.values.slice(3), [{ ledger_difference: 0 }], 'and its end once');
  t.equal(said.events.length, 2);
  await watch.stop();
});

t.test('the alert is said at each look, also after PostgreSQL was away, in case its rule came back', async (t) => {
  const { clock, state, alerts, database, watch } = watching();
  await clock.advance(1_000);
  t.match(alerts, [{ differs: false }], 'an alert of an earlier life ends');
  state.rows = [row('kiosk', -2)];
  database.isAway = true;
  await clock.advance(3_000);
  t.match(alerts, [{ differs: false }], 'nothing new meanwhile');
  database.isAway = false;
  await clock.advance(3_000);
  const data = { ledger_difference: 2, ledger_kind: 'kiosk', ledger_jurisdiction: '330203' };
  t.strictSame(alerts.slice(1), Array(3).fill({ differs: true, data }));
  state.rows = [];
  await clock.advance(2_000);
  t.strictSame(alerts.slice(4), Array(2).fill({ differs: false, data: { ledger_difference: 0 } }));
  await watch.stop();
});

t.test('what differs now and did not before is no difference, nor the end of one', async (t) => {
  const { clock, state, said, watch } = watching();
  for (let look = 0; look < 6; look += 1) {
    state.rows = [row('kiosk', look % 2), row('camera', (look + 1) % 2)];
    await clock.advance(1_000);
  }
  t.strictSame(said, { values: [], events: [] });
  await watch.stop();
});
