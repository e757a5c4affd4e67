import t from 'tap';
import { maskPlate, shown } from '../../../src/telemetry/masking.ts';

t.test('plates show two characters at each end', async (t) => {
  t.equal(maskPlate('浙B12345'), '浙B***45');
  t.equal(maskPlate('浙BD12345'), '浙B***45');
  t.equal(maskPlate('浙B1234'), '浙B***34');
  for (const short of ['', '浙', '12345']) t.equal(maskPlate(short), '***');
});

t.test('only what a kind calls harmless is shown as it is', async (t) => {
  const plate = { type: 'text', maxLength: 12, sensitive: 'plate' } as const;
  t.equal(shown('浙B12345', plate), '浙B***45');
  t.equal(shown('浙B12345', { type: 'text', maxLength: 12 }), '浙B12345');
  t.equal(shown('浙B12345', undefined), '浙B***45', 'a field that no kind knows any more may hold a plate');
  t.strictSame(shown(['浙B12345'], undefined), ['浙B***45']);
  t.equal(shown(54, undefined), 54);
  t.equal(shown(true, plate), true);
});
