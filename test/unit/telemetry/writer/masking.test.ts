import t from 'tap';
import { shown } from '../../../../src/telemetry/writer/masking.ts';

t.test('only what a kind calls harmless is shown as it is', async (t) => {
  const plate = { type: 'text', maxLength: 12, sensitive: 'plate' } as const;
  t.equal(shown('浙B12345', plate), '浙B***45');
  t.equal(shown('浙B12345', { type: 'text', maxLength: 12 }), '浙B12345');
  t.equal(shown('浙B12345', undefined), '浙B***45', 'a field that no kind knows any more may hold a plate');
  t.strictSame(shown(['浙B12345'], undefined), ['浙B***45']);
  t.equal(shown(54, undefined), 54);
  t.equal(shown(true, plate), true);
});
