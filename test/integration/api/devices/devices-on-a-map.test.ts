import t from 'tap';
import { DEVICE_STATES, type Device } from '../../../../src/core/types.ts';
import { FEATURES_MAX, featureCollection } from '../../../../src/devices/search/geojson.ts';
import { bearer, makeDevice, startApi } from '../../../support/api/api.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const BOOTSTRAP = 'bootstrap-token-of-at-least-32-characters';

interface Counted {
  value: string;
  count: number;
}

const {
  behindApi: registry,
  registry: bodies,
  search,
  healths,
  doors,
  tokens,
  kinds,
  jurisdictions,
} = await openRegistry(t);
await tokens.ensureBootstrap(BOOTSTRAP);
const api = await startApi(t, { registry, search, directory: doors, tokens, kinds, jurisdictions });
const NATION = callerIn('000000');

async function tokenOf(jurisdiction: string): Promise<string> {
  const payload = { name: jurisdiction, role: 'viewer', jurisdiction };
  const made = await api.call({ method: 'POST', url: '/api/v1/tokens', headers: bearer(BOOTSTRAP), payload });
  return (made.body as { token: string }).token;
}

const ask = (path: string, token = BOOTSTRAP) =>
  api.call({ method: 'GET', url: `/api/v1${path}`, headers: bearer(token) });

t.before(async () => {
  const rows = [
    kiosk({ id: 'k-1', name: '中山路 1 号', file: { owner: '城管局', tier: 'government', tags: ['夜', '学校'] } }),
    kiosk({ id: 'k-2', name: '中山路 2 号', jurisdiction: '330203', file: { owner: '城管局', tags: ['夜'] } }),
    // What a map of GCJ-02 shows at the clock tower is 500 m from where it stands.
    { kind: 'camera', id: 'c-1', name: '钟楼', jurisdiction: '330203', file: { owner: '公安局' } },
    kiosk({ id: 'far', name: '中山路', jurisdiction: '510703' }),
  ];
  const shifted = { lat: 31.175304, lon: 121.5315419, datum: 'gcj02' };
  for (const row of rows) await bodies.create(NATION, { location: shifted, ...row, confirm: true });
});

t.test('a list is counted by every field, and nothing beyond the border counts', async (t) => {
  const ningbo = await tokenOf('330200');
  healths.set('k-1', 'offline').set('far', 'online');
  const { status, body } = await ask('/device-facets', ningbo);
  t.equal(status, 200);
  t.match(body, {
    total: 3,
    kind: [
      { value: 'recycling-kiosk', count: 2 },
      { value: 'camera', count: 1 },
    ],
    owner: [
      { value: '城管局', count: 2 },
      { value: '公安局', count: 1 },
    ],
    tier: [{ value: 'government', count: 1 }],
    tag: [
      { value: '夜', count: 2 },
      { value: '学校', count: 1 },
    ],
    health: [
      { value: 'unknown', count: 2 },
      { value: 'offline', count: 1 },
    ],
    jurisdiction: [
      { value: '330200', count: 3, level: 'city' },
      { value: '330203', count: 2, level: 'county' },
      { value: '330212', count: 1, level: 'county' },
    ],
  });
  t.equal((body as { jurisdiction: unknown[] }).jurisdiction.length, 3, 'no level above the own area');
  const found = (await ask(`/device-facets?q=${encodeURIComponent('中')}&tag=${encodeURIComponent('夜')}`)).body;
  const each = ['offline', 'unknown'].map((value) => ({ value, count: 1 }));
  t.match(found, { total: 2, kind: [{ value: 'recycling-kiosk', count: 2 }], health: each });
  const all = (await ask('/device-facets')).body as { total: number; state: Counted[] };
  t.equal(all.total, 4);
  t.ok(all.state.every(({ value }) => (DEVICE_STATES as readonly string[]).includes(value)));
  t.match((await ask('/device-facets?polygon=0,0;1,1')).body, {
    code: 'request.invalid',
    issues: [{ path: 'polygon' }],
  });
});

t.test('a list for a map is GeoJSON in WGS-84', async (t) => {
  const ningbo = await tokenOf('330200');
  const { status, headers, text } = await ask('/devices.geojson?kind=camera', ningbo);
  t.equal(status, 200);
  t.equal(headers['content-type'], 'application/geo+json');
  const { features, ...rest } = JSON.parse(text);
  t.strictSame(rest, { type: 'FeatureCollection', truncated: false });
  t.equal(features.length, 1);
  const [feature] = features;
  t.match(feature, { type: 'Feature', id: 'c-1', geometry: { type: 'Point' } });
  t.match(feature.properties, {
    name: '钟楼',
    owner: '公安局',
    kind: 'camera',
    presence: 'not-yet-seen',
    parent: null,
  });
  const [lon, lat] = feature.geometry.coordinates;
  t.ok(Math.abs(lon - 121.5272106) < 1e-6 && Math.abs(lat - 31.1774276) < 1e-6, `${lon},${lat}`);
  const whole = JSON.parse((await ask('/devices.geojson', ningbo)).text);
  t.strictSame(
    whole.features.map(({ id }: { id: string }) => id),
    ['c-1', 'k-1', 'k-2'],
  );
  t.strictSame(JSON.parse((await ask('/devices.geojson?q=nothing', ningbo)).text).features, []);
});

t.test('a map has an end, and says that there is more', async (t) => {
  async function* pages(count: number): AsyncGenerator<Device[]> {
    const device = makeDevice({ id: 'one' });
    for (let left = count; left > 0; left -= 500) yield Array.from({ length: Math.min(500, left) }, () => device);
  }
  for (const [count, truncated] of [
    [FEATURES_MAX, false],
    [FEATURES_MAX + 1, true],
  ] as const) {
    let text = '';
    for await (const piece of featureCollection(pages(count), () => 'online')) text += piece;
    const { features, ...rest } = JSON.parse(text);
    t.equal(features.length, FEATURES_MAX);
    t.equal(rest.truncated, truncated);
  }
});
