import t from 'tap';
import { FileReport } from '../../../../src/devices/file/file-report.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const NINGBO = callerIn('330200');
const BOOTSTRAP = 'bootstrap-token-of-at-least-32-characters';

const EVERY_POINT = {
  tier: 'government',
  placeType: 'street',
  address: 'a',
  owner: 'o',
  mounting: 'wall',
  network: 'government',
  link: 'fibre',
  maintainer: 'm',
  warrantyEnd: '2027-03-31',
  power: 'poe',
};
const EVERY_CAMERA = {
  heading: 0,
  heightM: 0,
  lowLight: false,
  hlc: false,
  wdr: false,
  resolution: '1920x1080',
  storageDays: 30,
};

const { database, registry, kinds, tokens, jurisdictions, doors } = await openRegistry(t);
await tokens.ensureBootstrap(BOOTSTRAP);
const fileReport = new FileReport({ database, kinds, tree: jurisdictions });
const api = await startApi(t, { registry, directory: doors, tokens, kinds, jurisdictions, fileReport });
const tokenOf = async (jurisdiction: string) => {
  const { token } = await tokens.create(callerIn('000000'), { name: 'v', role: 'viewer', jurisdiction, purpose: null });
  return token;
};
const city = await tokenOf('330200');

async function get<Body>(path: string, token = city): Promise<Body> {
  const { status, body, text } = await api.call({
    method: 'GET',
    url: `/api/v1/reports/files${path}`,
    headers: bearer(token),
  });
  t.equal(status, 200, text);
  return body;
}

interface Counts {
  positions: number;
  complete: number;
  missing: Record<string, number>;
}
type Report = { sum: Counts; items: ({ jurisdiction: string } & Counts)[]; next?: string };
type List = { items: { device: string; missing: string[] }[]; next?: string };

t.before(async () => {
  const add = async (input: Record<string, unknown>) => await registry.create(NINGBO, kiosk(input));
  const purpose = 'waste';
  await add({ id: 'whole', purpose, file: EVERY_POINT });
  await add({ id: 'bare' });
  await add({ id: 'mast', purpose, file: { ...EVERY_POINT, mounting: 'pole', power: 'mains' } });
  await add({ id: 'gone' });
  await registry.retire(NINGBO, 'gone', 1);
  const camera = { kind: 'camera', jurisdiction: '330203', location: { lat: 29.87, lon: 121.54 }, purpose };
  const gbId = '33020300001320000001';
  await add({ ...camera, id: 'cam-whole', file: { ...EVERY_POINT, ...EVERY_CAMERA, gbId } });
  await add({ ...camera, id: 'cam-plain', file: EVERY_POINT });
});

t.test('what is missing is counted by division and key; a key counts only where it is asked for', async (t) => {
  const { sum, items } = await get<Report>('');
  t.match(sum, { positions: 5, complete: 2, missing: { tier: 1, gbId: 1, heading: 1, pole: 2, circuit: 2 } });
  t.match(items, [
    { jurisdiction: '330203', positions: 2, complete: 1, missing: { gbId: 1, tier: 0 } },
    { jurisdiction: '330212', positions: 3, complete: 1, missing: { gbId: 0, tier: 1, purpose: 1 } },
  ]);
  t.match(await get<Report>('?kind=camera'), { sum: { positions: 2 }, items: [{ jurisdiction: '330203' }] });
});

t.test('who lacks what is listed page by page', async (t) => {
  const first = await get<List>('/devices?limit=2');
  t.same(
    first.items.map(({ device }) => device),
    ['bare', 'cam-plain'],
  );
  t.same(first.items[1]?.missing, [
    'gbId',
    'heading',
    'heightM',
    'lowLight',
    'hlc',
    'wdr',
    'resolution',
    'storageDays',
  ]);
  const second = await get<List>(`/devices?limit=2&cursor=${first.next}`);
  t.match(second, { items: [{ device: 'mast', missing: ['circuit', 'pole'] }], next: undefined });
  t.match(await get<List>('/devices?field=heading'), { items: [{ device: 'cam-plain' }] });
  t.equal((await get<List>('/devices?field=pole')).items.length, 2);
  const page = await get<Report>('?limit=1');
  t.match(await get<Report>(`?limit=1&cursor=${page.next}`), { items: [{ jurisdiction: '330212' }], sum: page.sum });
});

t.test('nothing beyond the border is counted or listed', async (t) => {
  const yinzhou = await tokenOf('330212');
  t.match(await get<Report>('', yinzhou), { sum: { positions: 3 }, items: [{ jurisdiction: '330212' }] });
  t.match(await get<Report>('?jurisdiction=330203', yinzhou), { sum: { positions: 0, complete: 0 }, items: [] });
  const { items } = await get<List>('/devices', yinzhou);
  t.same(
    items.map(({ device }) => device),
    ['bare', 'mast'],
  );
});

t.test('both are tables, too', async (t) => {
  const table = async (path: string) =>
    (await api.call({ method: 'GET', url: `/api/v1/reports/files${path}`, headers: bearer(city) })).text.split('\r\n');
  const [title, first] = await table('?format=csv&titles=zh');
  t.match(title, /^\ufeff行政区划代码,点位数,资料完整,缺/);
  t.match(first, /^330203,2,1,1,0,/);
  t.match((await table('/devices?format=csv&field=pole&limit=1')).at(-2), /^mast,.*,circuit pole$/);
});
