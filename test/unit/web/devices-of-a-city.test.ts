import t from 'tap';
import { changesSince } from '../../../web/src/devices/deeds/basis.ts';
import { asked, filtersOf, optionsOf, queryOf } from '../../../web/src/devices/list/filters.ts';
import { bandOf, DAY_MS } from '../../../web/src/devices/page/band-pieces.ts';
import { seriesOf, spanOf } from '../../../web/src/devices/page/series.ts';
import { deviceOfCode } from '../../../web/src/devices/scan/code.ts';

t.test('filters of a link say what it shows, and nonsense says nothing', async (t) => {
  const query = new URLSearchParams('health=offline&district=330203&tag=学校&kind=%3Cimg&state=');
  const filters = filtersOf(query);
  t.same(filters, { health: 'offline', jurisdiction: '330203', tag: '学校' });
  t.same(filtersOf(queryOf(filters)), filters);
  t.equal(asked(filters, ' pole\n 17 ').get('q'), 'pole  17');
  t.notOk(asked(filters, ' \u2028 ').has('q'));
});

t.test('areas are offered in order with how deep they lie; what is gone is offered as nothing', async (t) => {
  const counts = {
    jurisdiction: [
      { value: '330203001', count: 2, level: 'township' },
      { value: '330203', count: 5, level: 'county' },
    ],
  };
  t.same(optionsOf('jurisdiction', counts as never, '330212'), [
    { value: '330203', count: 5, depth: 0 },
    { value: '330203001', count: 2, depth: 1 },
    { value: '330212', count: 0, depth: 0 },
  ]);
});

t.test('the band of a day has what was cut at its ends, and what was not there yet', async (t) => {
  const [fromMs, toMs] = [0, DAY_MS];
  const at = (share: number) => new Date(share * DAY_MS).toISOString();
  const stretches = [
    { what: 'offline' as const, from: at(0.75), to: null },
    { what: 'maintenance' as const, from: at(0.5), to: at(0.75) },
  ];
  t.same(bandOf(stretches, { fromMs, toMs, knownFromMs: DAY_MS / 4 }), [
    { what: 'unknown', from: 0, to: 0.25 },
    { what: 'maintenance', from: 0.5, to: 0.75 },
    { what: 'offline', from: 0.75, to: 1 },
  ]);
});

t.test('a curve has a hole where nothing was heard', async (t) => {
  const point = (s: number, value: number | null) => ({ at: new Date(s * 1_000).toISOString(), values: { x: value } });
  t.same(seriesOf([point(0, 1), point(60, 3), point(120, null), point(600, 2)], 'x', 60_000), {
    atS: [0, 60, 330, 600],
    values: [1, 3, null, 2],
    min: 1,
    max: 3,
    last: 2,
  });
  t.equal(seriesOf([point(0, null)], 'x', 60_000), null);
  t.equal(spanOf('99y').name, '6h');
});

t.test('what others changed is told, of that which a form is about', async (t) => {
  const device = { name: 'b', purpose: null, location: { lat: 1, lon: 2 }, file: {}, unit: { id: 'u-2', serial: '2' } };
  const basis = JSON.stringify({ name: 'a', purpose: '', lat: '1', lon: '2', address: '' });
  t.match(changesSince('edit', basis, device as never), [{ from: 'a', to: 'b' }]);
  t.match(changesSince('swap', JSON.stringify({ unit: 'u-1', serial: '1' }), device as never), [
    { from: '1', to: '2' },
  ]);
  t.same(changesSince('swap', JSON.stringify({ unit: 'u-2' }), device as never), []);
  t.same(changesSince('maintain', 'nonsense', device as never), []);
});

t.test('a code leads to a device whatever the gateway was called, and nowhere else', async (t) => {
  t.equal(deviceOfCode('http://10.1.2.3:8080/#/devices/kiosk-7'), 'kiosk-7');
  t.equal(deviceOfCode('https://city.example/devices/cam.1_a-2'), 'cam.1_a-2');
  const others = [
    'kiosk-7',
    'javascript:/devices/x',
    'http://a/devices/',
    'http://a/devices/x/y',
    'http://a/#/devices/<b>',
  ];
  for (const text of [...others, 'http://a/devices/..%2fx', '']) t.equal(deviceOfCode(text), null, text);
});
