import fc from 'fast-check';
import t from 'tap';
import { SLOTS, slotOf } from '../../../src/core/slots.ts';
import { anyCharacter } from '../../support/any-text.ts';

t.test('slots are what they always were: rows are kept by them', async (t) => {
  const pinned: Record<string, number> = {
    'kiosk-1': 59,
    'nvr-7': 1,
    '510703': 60,
    'district:330212': 47,
    _gateway: 59,
    '设备-9': 3,
  };
  t.equal(SLOTS, 64);
  t.same(Object.fromEntries(Object.keys(pinned).map((id) => [id, slotOf(id)])), pinned);
});

t.test('any name has one slot, always the same', async () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (id) => {
      const slot = slotOf(id);
      return Number.isInteger(slot) && slot >= 0 && slot < SLOTS && slot === slotOf(`${id} `.slice(0, -1));
    }),
  );
});

t.test('devices of a city are spread over all of them, none with twice its share', async (t) => {
  const counts = new Map<number, number>();
  for (let n = 0; n < 20_000; n += 1) {
    const slot = slotOf(`kiosk-${n}`);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  t.equal(counts.size, SLOTS);
  t.ok(Math.max(...counts.values()) < (2 * 20_000) / SLOTS);
});
