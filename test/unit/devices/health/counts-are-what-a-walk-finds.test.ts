import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { codeAlone, covers, type Place } from '../../../../src/core/jurisdiction.ts';
import type { DeviceState } from '../../../../src/core/types.ts';
import { HealthBook } from '../../../../src/devices/health/book.ts';
import { HEALTHS, type Health } from '../../../../src/devices/health/judge.ts';
import { HealthTally } from '../../../../src/devices/health/tally.ts';
import { Directory, type DirectoryEntry } from '../../../../src/devices/registry/directory.ts';
import { SecretHasher } from '../../../../src/platform/secrets/hasher.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const IDS = ['a', 'b', 'c', 'd'];
const AREAS = ['330212', '330203', '3302z-gaoxin'];
const KINDS = ['kiosk', 'cabinet'];
const STATES: DeviceState[] = ['planned', 'in-service', 'in-service', 'maintenance', 'retired'];
const SCOPES = ['000000', '330200', ...AREAS].map(codeAlone);
const WRONG: Health[] = ['degraded', 'offline'];
const SECRET = Buffer.alloc(32);

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const change = fc.oneof(
  fc.record({
    put: oneOf(...IDS),
    state: oneOf(...STATES),
    kind: oneOf(...KINDS),
    jurisdiction: oneOf(...AREAS),
    parent: oneOf(null, 'a', 'b'),
  }),
  fc.record({ gone: oneOf(...IDS) }),
  fc.record({ connected: oneOf(...IDS), good: fc.boolean() }),
  fc.record({ passS: oneOf(1, 20, 90) }),
);

/** As a gateway puts them together. */
function live() {
  const clock = new ManualClock(1_700_000_000_000);
  const directory = new Directory(new SecretHasher(SECRET));
  const book = new HealthBook({ clock, kind: () => ({ staleAfterS: 60, stream: false }) });
  const observer = quietObserver();
  const tally = new HealthTally({ book, directory, observer });
  book.listen((id) => tally.judged(id));
  directory.listen({
    changed: ({ identity: { id, kind }, state, parent }) => {
      book.put({ id, kind, state, parent });
      tally.changed(id);
    },
    disconnect: (id) => {
      if (directory.get(id)) return;
      book.remove(id);
      tally.changed(id);
    },
  });
  return { clock, directory, book, tally, observer };
}

type Live = ReturnType<typeof live>;

/** What a look at every device finds. */
function walk({ directory, book }: Live, lies: (place: Place) => boolean, kind: string | undefined) {
  const counts = { online: 0, degraded: 0, offline: 0, unknown: 0, maintenance: 0 };
  const healths = { online: 0, degraded: 0, offline: 0, unknown: 0 };
  const ids: string[] = [];
  for (const { id, jurisdiction, kind: its } of directory.within(codeAlone('000000'))) {
    const health = book.healthOf(id);
    if (health === null || !lies({ jurisdiction }) || (kind !== undefined && its !== kind)) continue;
    healths[health] += 1;
    counts[directory.maintained(id) === null ? health : 'maintenance'] += 1;
    if (health === 'offline' || health === 'degraded') ids.push(id);
  }
  return { counts, healths, ids: ids.sort() };
}

async function apply({ clock, directory, book }: Live, one: unknown, version: number): Promise<void> {
  const step = one as Partial<Record<string, string>> & { passS?: number; good?: boolean; parent?: string | null };
  if (step.passS !== undefined) {
    await clock.leap(step.passS * 1_000);
    book.tick();
  } else if (step.gone !== undefined) directory.remove(step.gone);
  else if (step.connected !== undefined) {
    book.signal(step.connected, 'connection', { good: step.good === true, detail: null });
  } else {
    const identity = { id: step.put!, kind: step.kind!, kindVersion: 1, jurisdiction: step.jurisdiction! };
    const name = step.put!;
    const rest = { name, secretHash: SECRET, place: [121.5, 29.8] as const, accessClass: 'public' as const, version };
    const parent = step.parent === step.put ? null : step.parent!;
    directory.apply({ identity, state: step.state as DeviceState, parent, ...rest } satisfies DirectoryEntry);
  }
}

async function gauge({ observer }: Live): Promise<Record<string, number>> {
  const { values } = await observer.metrics.getSingleMetric('citywatch_devices_health')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.health), value]));
}

const AT = { kind: 'kiosk', jurisdiction: '330212' };

/** A device that is judged no more, in the same moment in which what hangs on it, or what it hangs on, is another. */
const JUDGED_FIRST = [
  [
    { put: 'a', state: 'maintenance', parent: null, ...AT },
    { connected: 'a', good: false },
    { passS: 90 },
    { put: 'c', state: 'in-service', parent: 'a', ...AT },
    { put: 'a', state: 'planned', parent: null, ...AT },
  ],
  [
    { put: 'a', state: 'in-service', parent: null, ...AT },
    { put: 'c', state: 'in-service', parent: 'a', ...AT },
    { connected: 'c', good: false },
    { passS: 90 },
    { put: 'c', state: 'planned', parent: null, ...AT },
    { put: 'c', state: 'in-service', parent: null, ...AT },
    { connected: 'c', good: false },
    { passS: 90 },
  ],
] as never[];

t.test('counts are what a look at every device finds, whatever changed before', async (t) => {
  const property = fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 20, maxLength: 40 }), async (changes) => {
      const one = live();
      const followed = new Map<string, Health | null>();
      one.tally.follow((id, health) => {
        if (health === (followed.get(id) ?? null)) throw new Error(`${id} is ${health} as before`);
        followed.set(id, health);
      });
      for (const [at, step] of changes.entries()) {
        await apply(one, step, at + 1);
        for (const id of IDS) {
          const health = one.directory.identity(id) ? one.book.healthOf(id) : null;
          deepStrictEqual([one.tally.healthOf(id), followed.get(id) ?? null], [health, health]);
        }
        for (const scope of SCOPES) {
          for (const kind of [undefined, ...KINDS]) {
            const lies = (place: Place): boolean => covers(scope, place);
            const { counts, healths, ids } = walk(one, lies, kind);
            deepStrictEqual(one.tally.counts({ lies, kind }), counts);
            deepStrictEqual(one.tally.healthCounts({ lies, kind }), healths);
            deepStrictEqual([...one.tally.ids({ lies, kind }, WRONG)].sort(), ids);
            const below = ids.filter((id) => one.directory.get(id)?.parent === 'a');
            deepStrictEqual([...one.tally.idsBelow('a', { lies, kind }, WRONG)].sort(), below);
          }
        }
      }
      const all = Object.fromEntries(HEALTHS.map((health) => [health, 0]));
      for (const id of IDS) {
        const health = one.directory.identity(id) ? one.book.healthOf(id) : null;
        if (health !== null) all[health]! += 1;
      }
      deepStrictEqual(await gauge(one), all);
    }),
    { numRuns: 40, examples: JUDGED_FIRST.map((changes) => [changes] as never) },
  );
  await t.resolves(property);
});
