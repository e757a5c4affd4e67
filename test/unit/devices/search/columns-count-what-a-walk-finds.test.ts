import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { codeAlone, covers, type Scope } from '../../../../src/core/jurisdiction.ts';
import { HEALTHS, type Health } from '../../../../src/devices/health/judge.ts';
import {
  type Asked,
  type Count,
  type CountedDevice,
  DeviceColumns,
  type Group,
} from '../../../../src/devices/search/columns.ts';

const GROUPS: Group[] = [
  { id: 7, facets: { kind: 'camera', state: 'in-service' }, jurisdiction: '330212' },
  { id: 1, facets: { kind: 'camera', state: 'retired' }, jurisdiction: '330212' },
  { id: 300_000, facets: { kind: 'kiosk', state: 'in-service', owner: '公安局' }, jurisdiction: '330203' },
  { id: 12, facets: { kind: 'kiosk', state: 'planned' }, jurisdiction: '3302z-gaoxin' },
  { id: 13, facets: { kind: 'kiosk', state: 'maintenance' }, jurisdiction: '510703' },
];
const TAG_SETS = [
  { id: 1, tags: [] },
  { id: 9, tags: ['Ａ-1'] },
  { id: 4, tags: ['a-1', '夜'] },
];
const STATIONS = ['330203510000', '330203520000', null];
const IDS = ['a', 'b', 'c', 'd', 'e'];
const SCOPES: Scope[] = [
  codeAlone('000000'),
  codeAlone('330200'),
  codeAlone('3302z-gaoxin'),
  { ...codeAlone('330000'), police: { agency: '330203510000', agencies: ['330203510000'] } },
  { jurisdiction: '510700', granted: [codeAlone('330203')] },
];

const oneOf = <Item>(items: readonly Item[]) => fc.constantFrom(...items);
const health = oneOf([...HEALTHS, null]);
const change = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      put: oneOf(IDS),
      // What was rolled back has taken numbers that nobody has.
      skipped: oneOf([0, 0, 1, 5_000]),
      group: oneOf(GROUPS),
      tagSet: oneOf(TAG_SETS),
      police: oneOf(STATIONS),
      health,
    }),
  },
  { weight: 1, arbitrary: fc.record({ gone: oneOf(IDS) }) },
  { weight: 2, arbitrary: fc.record({ judged: oneOf(IDS), health }) },
);
const question = fc.record({
  scope: oneOf(SCOPES),
  kind: oneOf([undefined, undefined, 'kiosk', 'camera']),
  agencies: oneOf([null, null, [], ['330203520000'], ['330203510000', '330203520000']]),
  tag: oneOf([null, null, 'a-1', '夜', 'none']),
  health: oneOf([null, null, ...HEALTHS]),
  among: oneOf([null, null, IDS, IDS.slice(0, 2), []]),
});

type Known = CountedDevice & { health: Health | null };

const stands = ({ group }: Known) => !['retired', 'planned'].includes(groupOf(group).facets.state!);
const healthNow = (device: Known) => (stands(device) ? [device.health ?? 'unknown'] : []);

function groupOf(id: number): Group {
  return GROUPS.find((group) => group.id === id)!;
}

function isAsked(device: Known, asked: Omit<Asked, 'among'>, among: readonly string[] | null): boolean {
  const group = groupOf(device.group);
  const tags = TAG_SETS.find(({ id }) => id === device.tagSet)!.tags;
  return (
    asked.sees({ jurisdiction: group.jurisdiction, police: device.police }) &&
    asked.fits(group) &&
    (asked.agencies === null || asked.agencies.some((code) => code === device.police)) &&
    (asked.tag === null || tags.some((tag) => tag.normalize('NFKC').toLowerCase() === asked.tag)) &&
    (asked.health === null || healthNow(device).some((one) => one === asked.health)) &&
    (among === null || among.includes(device.id))
  );
}

function tally(values: readonly unknown[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return [...counts].sort();
}

function told<Item>(counts: readonly Count<Item>[], name: (item: Item) => unknown): [string, number][] {
  return counts.map(({ item, count }): [string, number] => [String(name(item)), count]).sort();
}

t.test('whatever came, went and changed, and whatever is asked, counts are what a walk finds', (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.array(question, { maxLength: 8 }), (changes, questions) => {
      const columns = new DeviceColumns();
      for (const group of GROUPS) columns.addGroup(group);
      for (const set of TAG_SETS) columns.addTagSet(set);
      const known = new Map<string, Known>();
      let last = 0;
      for (const one of changes) {
        if ('put' in one) {
          const { put: id, group, tagSet, police } = one;
          last += one.skipped + 1;
          const n = known.get(id)?.n ?? last;
          const device = { id, n, group: group.id, tagSet: tagSet.id, police };
          columns.put(device, one.health);
          known.set(id, { ...device, health: one.health });
        } else if ('gone' in one) {
          columns.remove(one.gone);
          known.delete(one.gone);
        } else {
          columns.judged(one.judged, one.health);
          const device = known.get(one.judged);
          if (device) device.health = one.health;
        }
      }
      deepStrictEqual(columns.size, known.size);
      for (const { scope, kind, among, ...limits } of questions) {
        const sees: Asked['sees'] = (place) => covers(scope, place);
        const asked = { ...limits, sees, fits: (group: Group) => kind === undefined || group.facets.kind === kind };
        const found = [...known.values()].filter((device) => isAsked(device, asked, among));
        // A number that nobody has, or has no longer, is passed over.
        const numbers = among && [...among.flatMap((id) => known.get(id)?.n ?? []), last + 1, 1_000_000];
        const counts = columns.count({ ...asked, among: numbers });
        deepStrictEqual(counts.total, found.length);
        deepStrictEqual(
          told(counts.groups, ({ id }) => id),
          tally(found.map(({ group }) => group)),
        );
        deepStrictEqual(
          told(counts.tagSets, ({ id }) => id),
          tally(found.map(({ tagSet }) => tagSet)),
        );
        deepStrictEqual(
          told(counts.agencies, (code) => code),
          tally(found.map(({ police }) => police)),
        );
        deepStrictEqual(
          told(counts.healths, (one) => one),
          tally(found.flatMap(healthNow)),
        );
      }
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('a place in which nothing may be seen is never asked about twice, and counts nothing', (t) => {
  const columns = new DeviceColumns();
  columns.addGroup(GROUPS[0]!);
  columns.addTagSet(TAG_SETS[0]!);
  for (let n = 1; n <= 5_000; n += 1) {
    columns.put({ id: `d${n}`, n, group: 7, tagSet: 1, police: STATIONS[n % 2]! }, 'online');
  }
  const asked: string[] = [];
  const counts = columns.count({
    sees: ({ police }) => asked.push(police!) === 0,
    fits: () => true,
    agencies: null,
    tag: null,
    health: null,
    among: null,
  });
  t.strictSame(asked.sort(), STATIONS.slice(0, 2));
  t.strictSame(counts, { total: 0, groups: [], tagSets: [], agencies: [], healths: [] });
  t.end();
});
