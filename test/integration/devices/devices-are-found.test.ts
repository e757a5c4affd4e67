import t from 'tap';
import type { Caller } from '../../../src/core/types.ts';
import { HEALTHS, type Health } from '../../../src/devices/health/judge.ts';
import { bbox, polygon } from '../../../src/devices/search/area.ts';
import type { DeviceFilter } from '../../../src/devices/search/filter.ts';
import { fold, keyOf } from '../../../src/devices/search/words.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';
import { isInside, isToldBy, isWanted, type ModelDevice } from '../../support/devices/search-model.ts';
import { chance } from '../../support/time/random.ts';

const random = chance();
const DEVICES = 150;
const QUESTIONS = 150;
const KINDS = ['camera', 'recycling-kiosk', 'wifi-ap'];
const PLACES = ['330203', '330212', '330281', '510700', '510703'];
const CALLERS = ['000000', '330000', '330200', '330212', '510700'].map((code) => callerIn(code));
const PIECES = '中 山 路 中山 东 门 号 cam Cam ＡＢ a 1 2 12 ３ - _ . · é É № 😀'.split(' ');
const SERIALS = ['007', '2.10', '1e5', 'DS-2CD', 'ds-2cd', '34020000001320000001', '---'];

const parts = await openRegistry(t);
const { database, registry, search, healths } = parts;

function one<Item>(items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!;
}

function said(most: number): string {
  const count = 1 + Math.floor(random() * most);
  return Array.from({ length: count }, () => one(PIECES) + (random() < 0.15 ? ' ' : '')).join('');
}

function hex(bytes: number): string {
  return Array.from({ length: bytes }, () => one(['0a', 'ff', '12', 'b0'])).join(':');
}

function madeUp(number: number): ModelDevice {
  return {
    id: `${one(['c', 'Cam', 'k12'])}-${number}${one(['', '.a', '_1'])}`,
    kind: one(KINDS),
    name: said(6),
    jurisdiction: one(PLACES),
    lat: 29 + random(),
    lon: 121 + random(),
    parent: null,
    state: one(['in-service', 'in-service', 'maintenance', 'retired']),
    owner: random() < 0.5 ? one(['公安局', 'Traffic']) : null,
    address: random() < 0.5 ? said(4).trim() || '路' : null,
    gbId: random() < 0.3 ? String(34020000001320000000n + BigInt(number)) : null,
    tags: ['A-1', '人流', '夜'].filter(() => random() < 0.3),
    serial: random() < 0.5 ? one(SERIALS) : null,
    mac: random() < 0.5 ? hex(6) : null,
  };
}

async function write(device: ModelDevice): Promise<void> {
  const { id, kind, name, jurisdiction, lat, lon } = device;
  const body = { id, kind, name, jurisdiction, location: { lat, lon }, confirm: true };
  await registry.create(callerIn('000000'), body);
  if (random() < 0.8) healths.set(id, one(['online', one(HEALTHS)]));
  await change(device);
}

/** Past the API, as a person at the database: the index follows whoever writes. */
async function change(device: ModelDevice): Promise<void> {
  const { id, name, jurisdiction, lat, lon, parent, state, owner, address, gbId, tags, serial, mac } = device;
  const db = database.tables();
  await sql`update position set name = ${name}, jurisdiction = ${jurisdiction}, lat = ${lat}, lon = ${lon},
    parent = ${parent}, state = ${state}, owner = ${owner}, address = ${address}, gb_id = ${gbId},
    tags = ${tags}::text[] where id = ${id}`.execute(db);
  await sql`update unit set serial = ${serial}, mac = ${mac}
    where id = (select unit_id from assignment where position_id = ${id} and to_ms is null)`.execute(db);
}

/** A limit of a list: what the filter says of it, and which devices fit by the plain model. */
interface Limit {
  filter: DeviceFilter;
  fits(device: ModelDevice): boolean;
}

type LimitMaker = (devices: readonly ModelDevice[], caller: Caller) => Limit;

const covered = (area: string, code: string) => code.startsWith(area.replace(/(00)+$/, ''));

function byWords(devices: readonly ModelDevice[]): Limit {
  const { id, name, serial, mac, address, gbId } = one(devices);
  const beginning = [...name].slice(0, 2).join('');
  const own = [id, name, serial ?? said(2), mac ?? said(1), address ?? said(1), gbId ?? '34', beginning, hex(3)];
  const words = (random() < 0.5 ? one(own) : said(2)).trim() || '路';
  const q = random() < 0.2 ? words.toUpperCase().replaceAll(':', '-') : words;
  return { filter: { q }, fits: (device) => isWanted(device, q) };
}

function byTag(): Limit {
  const tag = one(['ａ-1', '人流', '人']);
  return { filter: { tag }, fits: ({ tags }) => tags.includes(tag.replace('ａ', 'A')) };
}

function byGbId(devices: readonly ModelDevice[]): Limit {
  const { gbId } = one(devices);
  return gbId === null
    ? { filter: {}, fits: () => true }
    : { filter: { gbId }, fits: (device) => device.gbId === gbId };
}

function byBox(): Limit {
  const [west, south] = [121 + random() / 2, 29 + random() / 2];
  return {
    filter: { bbox: bbox.parse(`${west},${south},${west + 0.4},${south + 0.4}`) },
    fits: ({ lat, lon }) => lon >= west && lon <= west + 0.4 && lat >= south && lat <= south + 0.4,
  };
}

function byPolygon(): Limit {
  const ring: [number, number][] = [
    [121.1, 29.1],
    [121.9, 29.2],
    [121.5, 29.5 + random() / 9],
    [121.8, 29.9],
    [121.2, 29.8],
  ];
  const corners = ring.map((corner) => corner.join(',')).join(';');
  return { filter: { polygon: polygon.parse(corners) }, fits: (device) => isInside(device, ring) };
}

function byTree(devices: readonly ModelDevice[], caller: Caller): Limit {
  const { id, jurisdiction } = one(devices);
  const seesIt = covered(caller.jurisdiction, jurisdiction);
  if (random() < 0.5) return { filter: { parent: id }, fits: ({ parent }) => seesIt && parent === id };
  const isBelow = (device: ModelDevice): boolean => {
    const above = devices.find((other) => other.id === device.parent);
    return above !== undefined && (above.id === id || isBelow(above));
  };
  return { filter: { below: id }, fits: (device) => seesIt && isBelow(device) };
}

function byField<Name extends 'kind' | 'owner'>(name: Name, value: string): Limit {
  return { filter: { [name]: value }, fits: (device) => device[name] === value };
}

function byArea(): Limit {
  const area = one(['330200', '330212', '510000']);
  return { filter: { jurisdiction: area }, fits: ({ jurisdiction }) => covered(area, jurisdiction) };
}

/** What is retired has no health, whatever was kept of it. */
function healthNow({ id, state }: ModelDevice): Health[] {
  return state === 'retired' ? [] : [healths.get(id) ?? 'unknown'];
}

function byHealth(): Limit {
  const health = one(HEALTHS);
  return { filter: { health }, fits: (device) => healthNow(device).includes(health) };
}

function byState(): Limit {
  if (random() < 0.7) return { filter: {}, fits: ({ state }) => state !== 'retired' };
  const state = one(['retired', 'maintenance', 'in-service'] as const);
  return { filter: { state }, fits: (device) => device.state === state };
}

/** How often each is asked for. */
const LIMITS: [number, LimitMaker][] = [
  [1, byState],
  [0.7, byWords],
  [0.2, () => byField('kind', one(KINDS))],
  [0.15, () => byField('owner', one(['公安局', 'Traffic', 'nobody']))],
  [0.15, byTag],
  [0.05, byGbId],
  [0.2, byArea],
  [0.15, byHealth],
  [0.2, byBox],
  [0.2, byPolygon],
  [0.15, byTree],
];

function question(devices: readonly ModelDevice[]): Limit & { caller: Caller } {
  const caller = one(CALLERS);
  const limits = LIMITS.flatMap(([share, make]) => (random() < share ? [make(devices, caller)] : []));
  const isOwn = ({ jurisdiction }: ModelDevice) => covered(caller.jurisdiction, jurisdiction);
  const filter = Object.assign({}, ...limits.map((limit) => limit.filter)) as DeviceFilter;
  return { caller, filter, fits: (device) => isOwn(device) && limits.every((limit) => limit.fits(device)) };
}

async function walk(caller: Caller, filter: DeviceFilter): Promise<string[]> {
  const ids: string[] = [];
  const limit = one([1, 3, 20, 500]);
  for (let after: string | undefined; ; ) {
    const { items, next } = await search.list(caller, { ...filter, limit: ids.length > 20 ? 500 : limit, after });
    ids.push(...items.map(({ id }) => id));
    if (next === null) return ids;
    after = next;
  }
}

function counts(devices: readonly ModelDevice[], of: (device: ModelDevice) => string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const value of devices.flatMap(of)) found[value] = (found[value] ?? 0) + 1;
  return found;
}

const table = (rows: { value: string; count: number }[]) =>
  Object.fromEntries(rows.map((row) => [row.value, row.count]));

t.test(
  'whatever is asked, all that fits is found, in order and once, and nothing else; counts say the same',
  async (t) => {
    const devices = Array.from({ length: DEVICES }, (_, number) => madeUp(number));
    for (const device of devices) await write(device);
    for (const [index, device] of devices.entries()) {
      if (index < 10 || random() < 0.5) continue;
      device.parent = devices[Math.floor(random() * Math.min(index, 25))]!.id;
      await change(device);
    }
    const ask = async (times: number) => {
      await registry.loadDirectory();
      for (let time = 0; time < times; time += 1) {
        const { caller, filter, fits } = question(devices);
        const byId = (a: ModelDevice, b: ModelDevice) => (a.id < b.id ? -1 : 1);
        const right = devices.filter(fits).sort(byId);
        const isTold = (device: ModelDevice) => filter.q !== undefined && isToldBy(device, filter.q);
        const ordered = [...right.filter(isTold), ...right.filter((device) => !isTold(device))].map(({ id }) => id);
        const what = `${caller.jurisdiction} ${JSON.stringify(filter)}`;
        t.strictSame(await walk(caller, filter), ordered, what);
        const { total, fields, tag, health, jurisdiction } = await search.facets(caller, filter);
        t.equal(total, right.length, what);
        t.strictSame(
          table(fields.kind),
          counts(right, ({ kind }) => [kind]),
          what,
        );
        t.strictSame(
          table(fields.state),
          counts(right, ({ state }) => [state]),
          what,
        );
        t.strictSame(
          table(fields.owner),
          counts(right, ({ owner }) => (owner === null ? [] : [owner])),
          what,
        );
        t.strictSame(
          table(tag),
          counts(right, ({ tags }) => tags),
          what,
        );
        t.strictSame(table(health), counts(right, healthNow), what);
        const areas = (code: string) => [`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`, code];
        const shown = ({ jurisdiction: code }: ModelDevice) =>
          [...new Set(areas(code))].filter((area) => area.startsWith(caller.jurisdiction.replace(/(00)+$/, '')));
        t.strictSame(table(jurisdiction), counts(right, shown), what);
      }
    };
    await ask(QUESTIONS);
    for (const device of devices) {
      if (random() < 0.6) continue;
      const { id, kind, parent, gbId } = device;
      Object.assign(device, madeUp(0), { id, kind, parent, gbId });
      await change(device);
    }
    await ask(QUESTIONS / 2);
  },
);

t.test('text is folded by the program as by the database, every character of it', async (t) => {
  const letters = Array.from({ length: 0xffff }, (_, index) => String.fromCharCode(index + 1));
  // Lone halves are no text, and what a version of Unicode does not know yet means nothing.
  const newest = /[\p{Cs}\p{Cn}\ua7f1]/u;
  const texts = letters.filter((letter) => !newest.test(letter)).map((letter) => `B${letter}7路${letter}`);
  const { rows } = await sql<{ said: string; folded: string; key: string }>`
    select said, search_fold(said) as folded, search_key(said) as key
    from unnest(${texts}::text[]) as said`.execute(database.tables());
  t.equal(rows.length, texts.length);
  const differing = rows.filter(({ said, folded, key }) => folded !== fold(said) || key !== keyOf(said));
  t.strictSame(differing.slice(0, 10), []);
});
