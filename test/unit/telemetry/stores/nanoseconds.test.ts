import fc from 'fast-check';
import t from 'tap';
import { msToNs, nsToRfc3339, rfc3339ToNs } from '../../../../src/telemetry/stores/nanoseconds.ts';

t.test('a time keeps each nanosecond through text, with or without the zeros at its end', async (t) => {
  const ns = fc.bigInt({ min: 1n, max: 9_223_372_036_854_775_807n }).map(String);
  fc.assert(
    fc.property(ns, (timeNs) => {
      const text = nsToRfc3339(timeNs);
      const short = text.replace(/\.?0+Z$/, 'Z');
      return rfc3339ToNs(text) === timeNs && rfc3339ToNs(short) === timeNs;
    }),
  );
  t.equal(rfc3339ToNs('2026-01-05T00:00:00Z'), msToNs(1_767_571_200_000));
  for (const text of ['', 'now', '2026-01-05', '2026-13-05T00:00:00Z', '2026-01-05T00:00:00+08:00']) {
    t.equal(rfc3339ToNs(text), null, text);
  }
});
