import t from 'tap';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { csvOf, encoded, type Typed, xlsxOf } from '../../../support/devices/spreadsheets.ts';

/**
 * The plan of Mianyang (project 14, 2015): 1,000 new points that see in low light, suppress strong light and have a
 * wide dynamic range. The cameras of the traffic police (交警支队) and of the bureau that enforces urban management
 * (城管执法局) join the police's. Three offices keep three spreadsheets, each with titles, an order of columns and an
 * encoding of its own, and some points stand in two of them.
 */
const POINTS = 1_000;
/** Points that two offices list, each with the same code. */
const SHARED = 120;
const MIANYANG = callerIn('510700');
const COUNTIES = ['510703', '510704', '510705'];

const parts = await openRegistry(t);
const { registry } = parts;
const { imports, work } = openImports(parts);

interface Point {
  id: string;
  gbId: string;
  name: string;
  county: string;
  lat: number;
  lon: number;
  pole: string;
}

function pointOf(number: number): Point {
  const county = COUNTIES[number % COUNTIES.length]!;
  return {
    id: `MY-${String(number).padStart(4, '0')}`,
    gbId: `${county}00001320${String(number).padStart(6, '0')}`,
    name: `绵阳高清点位${number}号`,
    county,
    lat: 31.46 + (number % 50) / 1_000,
    lon: 104.68 + (number % 70) / 1_000,
    pole: String(number).padStart(5, '0'),
  };
}

const all = Array.from({ length: POINTS }, (_, number) => pointOf(number));
/** 500 of the police, 300 of the traffic police, 200 of urban management, and what overlaps with the office before. */
const police = all.slice(0, 500);
const traffic = all.slice(500 - SHARED / 2, 800);
const urban = all.slice(800 - SHARED / 2);

/** The police: GBK, everything that the plan asks for. */
const ofPolice = encoded(
  csvOf([
    ['绵阳市公安局视频监控点位表（一类点）'],
    [
      '序号',
      '点位编码',
      '国标编码',
      '点位名称',
      '行政区划代码',
      '设备类型',
      '经度',
      '纬度',
      '点位类别',
      '低照度',
      '强光抑制',
      '宽动态',
      '分辨率',
      '杆号',
    ],
    ...police.map(({ id, gbId, name, county, lat, lon, pole }, index) => [
      ...[String(index + 1), id, gbId, name, county, '摄像机', String(lon), String(lat)],
      ...['一类', '是', '是', '是', '1920*1080', pole],
    ]),
  ]),
  'gbk',
);

/** The traffic police: an XLSX in another order, codes as text, numbers as numbers. */
const ofTraffic = (): Promise<Buffer> =>
  xlsxOf([
    [
      '名称',
      '设备编号',
      'type',
      '辖区',
      '纬度',
      '经度',
      '国标ID',
      '权属单位',
      '建设类别',
      '宽动态',
      '存储天数',
      '标签',
    ],
    ...traffic.map(({ id, gbId, name, county, lat, lon }): Typed[] => {
      return [name, id, 'camera', Number(county), lat, lon, gbId, '交警支队', '二类', '√', 30, '卡口;治安'];
    }),
  ]);

/** Urban management: UTF-16 with tabs, from a program that says everything in English, and knows no GB id. */
const ofUrban = encoded(
  csvOf(
    [
      ['id', 'name', 'kind', 'jurisdiction', 'lat', 'lon', 'owner', 'tier', 'hlc', 'address'],
      ...urban.map(({ id, name, county, lat, lon }) => {
        return [id, name, 'camera', county, String(lat), String(lon), '城管执法局', '三类', 'yes', ''];
      }),
    ],
    { delimiter: '\t' },
  ),
  'utf-16le',
);

async function taken(file: Buffer) {
  const tried = await imports.dryRun(MIANYANG, file);
  const { id } = await imports.start(MIANYANG, { file, fileName: null, mode: 'rows' });
  await work(id);
  const { counts, state } = await imports.list.get(MIANYANG, id);
  t.strictSame({ state, counts }, { state: 'done', counts: tried.counts }, 'the dry run said so before');
  return counts;
}

async function count(filter: object): Promise<number> {
  let found = 0;
  for (let after: string | undefined, more = true; more; ) {
    const { items, next } = await parts.search.list(MIANYANG, { ...filter, limit: 500, ...(after ? { after } : {}) });
    found += items.length;
    after = next ?? undefined;
    more = next !== null;
  }
  return found;
}

t.test('three offices, one register, no point twice', async (t) => {
  t.strictSame(await taken(ofPolice), { create: 500, change: 0, same: 0, error: 0 });
  t.strictSame(await taken(await ofTraffic()), { create: 300, change: SHARED / 2, same: 0, error: 0 });
  t.strictSame(await taken(ofUrban), { create: 200, change: SHARED / 2, same: 0, error: 0 });
  t.equal(await count({}), POINTS);
  for (const county of COUNTIES) {
    t.equal(await count({ jurisdiction: county }), all.filter((point) => point.county === county).length);
  }
});

t.test('what one office knows of a shared point stays when another one says nothing of it', async (t) => {
  const { id, gbId, pole } = police.at(-1)!;
  t.match(await registry.get(MIANYANG, id), {
    kind: 'camera',
    file: {
      gbId,
      pole,
      lowLight: true,
      hlc: true,
      wdr: true,
      resolution: '1920x1080',
      owner: '交警支队',
      tier: 'government',
    },
  });
});

t.test('the same three files again change only what the offices do not agree on', async (t) => {
  const again = await taken(ofUrban);
  t.strictSame(again, { create: 0, change: 0, same: urban.length, error: 0 });
  const { counts, items } = await imports.dryRun(MIANYANG, ofPolice);
  t.strictSame(counts, { create: 0, change: SHARED / 2, same: police.length - SHARED / 2, error: 0 });
  t.strictSame([...new Set(items.flatMap(({ fields }) => fields))], ['tier']);
});

t.test('a point under two codes is found by its GB/T 28181 id', async (t) => {
  const [{ gbId, name, county }] = police as [Point];
  const twin = csvOf([
    ['id', 'kind', 'name', 'jurisdiction', 'lat', 'lon', 'gbId'],
    ['JJ-1', 'camera', name, county, '31.46', '104.68', gbId],
  ]);
  const { items } = await imports.dryRun(MIANYANG, Buffer.from(twin));
  t.match(items, [{ verdict: 'error', faults: [{ column: /^gbId/ }] }]);
});
