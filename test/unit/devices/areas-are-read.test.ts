import t from 'tap';
import { bbox, CORNERS_MAX, polygon } from '../../../src/devices/search/area.ts';
import { TERMS_MAX, wantedBy } from '../../../src/devices/search/words.ts';

t.test('a box is west,south,east,north', async (t) => {
  t.strictSame(bbox.parse('121.5,29.8,121.6,29.9'), { min: { lon: 121.5, lat: 29.8 }, max: { lon: 121.6, lat: 29.9 } });
  const wrong = ['', '1,2,3', '1,2,3,4,5', '121.6,29.8,121.5,29.9', '1,91,2,92', '1,2,3,NaN', '1,2,3,1e1', '0x1,2,3,4'];
  for (const text of [...wrong, '1,2,3,', '1;2;3;4', '1,2,3,4); drop table unit'])
    t.notOk(bbox.safeParse(text).success, text);
});

t.test('a polygon is one ring that does not cross itself', async (t) => {
  const square = '0,0;1,0;1,1;0,1';
  t.equal(polygon.parse(square).length, 4);
  t.strictSame(polygon.parse(`${square};0,0`), polygon.parse(square), 'closed as in GeoJSON');
  t.equal(polygon.parse('0,0;2,0;2,2;1,0.5;0,2').length, 5, 'with a dent');
  t.equal(polygon.parse('0,0;1,0;2,0;2,2').length, 4, 'with a corner on a straight side');
  const circle = (corners: number) =>
    Array.from({ length: corners }, (_, index) => {
      const turn = (2 * Math.PI * index) / corners;
      return `${(120 + Math.cos(turn)).toFixed(6)},${(30 + Math.sin(turn)).toFixed(6)}`;
    }).join(';');
  t.equal(polygon.parse(circle(CORNERS_MAX)).length, CORNERS_MAX);
  const wrong: [string, RegExp][] = [
    ['', /use lon,lat/],
    ['0,0;1,1', /three corners/],
    ['0,0;1,1;0,0', /three corners/],
    ['0,0;1,1;181,0', /use lon,lat/],
    ['0,0;1,1;x,0', /use lon,lat/],
    ['0,0;1,0,5;1,1', /use lon,lat/],
    ['0,0;1,1;1,0;0,1', /crosses/],
    ['0,0;2,0;1,0', /crosses/],
    ['0,0;2,0;2,2;1,0;0,2', /crosses/],
    ['0,0;1,0;1,0;1,1', /twice/],
    [circle(CORNERS_MAX + 1), /corners at most/],
  ];
  for (const [text, message] of wrong) t.match(polygon.safeParse(text).error?.issues[0]?.message, message, text);
});

t.test('what is asked of the index holds nothing but words', async (t) => {
  const { terms, exactly } = wantedBy(`A'b\\ & | ! ( ) :* <-> 中山路 "x" %_`);
  t.strictSame(
    terms.map(({ lexemes }) => lexemes),
    [`('a' & 'b':*)`, `('中山' & '山路')`, `('x':*)`],
  );
  t.equal(terms[1]?.phrase, '%中山路%');
  t.match(exactly, /^'key\/a''b\\\\ & /);
  t.equal(wantedBy('a '.repeat(50)).terms.length, TERMS_MAX);
  t.strictSame(wantedBy('--').terms, []);
});
