import fc from 'fast-check';
import t from 'tap';
import { readingsSpan } from '../../../../src/alerts/evidence/bundles/contents.ts';
import { DAY_MS, MINUTE_MS } from '../../../../src/core/clock.ts';

const NOW_MS = Date.parse('2026-11-30T08:00:00Z');

t.test('readings are of ten minutes around an alert, what raised it among them', (t) => {
  const span = readingsSpan({ device_at_ms: NOW_MS - 500, first_at_ms: NOW_MS, last_at_ms: NOW_MS + MINUTE_MS });
  t.same(span, { fromMs: NOW_MS - 500 - 10 * MINUTE_MS, toMs: NOW_MS + 11 * MINUTE_MS });
  const late = readingsSpan({ device_at_ms: NOW_MS - 9 * DAY_MS, first_at_ms: NOW_MS, last_at_ms: NOW_MS });
  t.equal(late.fromMs, NOW_MS - 9 * DAY_MS - 10 * MINUTE_MS, 'also where it came days late');
  t.end();
});

t.test('the time is never longer than a day, empty, or before 1970', (t) => {
  const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
  fc.assert(
    fc.property(time, fc.option(time), fc.nat(400 * DAY_MS), (firstMs, deviceMs, lastsMs) => {
      const row = { device_at_ms: deviceMs, first_at_ms: firstMs, last_at_ms: firstMs + lastsMs };
      const { fromMs, toMs } = readingsSpan(row);
      const raisedMs = Math.min(deviceMs ?? firstMs, firstMs);
      return fromMs >= 0 && fromMs <= raisedMs && toMs > raisedMs && toMs - fromMs <= DAY_MS;
    }),
  );
  t.end();
});
