import { join } from 'node:path';
import t from 'tap';
import { codeAlone, covers, type Scope } from '../../../../src/core/jurisdiction.ts';
import type { DeviceIdentity } from '../../../../src/core/types.ts';
import { Directory } from '../../../../src/devices/registry/directory.ts';
import { SecretHasher } from '../../../../src/platform/secrets/hasher.ts';
import { Twin } from '../../../../src/telemetry/twin/twin.ts';
import { bearer, HERE, neverSeen, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryAlerts } from '../../../support/api/memory/alerts.ts';
import { OWN_JOURNAL } from '../../../support/ingest/journal.ts';
import { KIOSK } from '../../../support/ingest/kiosk-kind.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CITY = 100_000;

function entry(id: string, jurisdiction: string, version = 1, state: 'in-service' | 'retired' = 'in-service') {
  const identity: DeviceIdentity = { id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction };
  const place = [121.5, 29.8] as const;
  const secretHash = Buffer.alloc(32);
  const name = id;
  return { identity, name, state, parent: null, place, accessClass: 'public' as const, secretHash, version };
}

t.test('a directory gives the devices of an area, wherever they moved', async (t) => {
  const directory = new Directory(new SecretHasher(Buffer.alloc(32)));
  const idsIn = (scope: string) => [...directory.within(codeAlone(scope))].map(({ id }) => id).sort();
  for (const [id, area] of [
    ['a', '330212'],
    ['b', '330205'],
    ['c', '510703'],
  ] as const) {
    directory.apply(entry(id, area));
  }
  t.same(idsIn('000000'), ['a', 'b', 'c']);
  t.same(idsIn('330200'), ['a', 'b']);
  t.same(idsIn('330212'), ['a']);
  directory.apply(entry('a', '510703', 2));
  directory.apply(entry('a', '330212', 1));
  t.same(idsIn('330200'), ['b'], 'an older report changes nothing');
  t.same(idsIn('510700'), ['a', 'c']);
  directory.apply(entry('c', '510703', 2, 'retired'));
  t.same(idsIn('510700'), ['a']);
  directory.apply(entry('c', '510703', 3));
  t.same(idsIn('510700'), ['a', 'c']);
});

t.test('everybody sees the numbers of their area, counted once for all', async (t) => {
  const clock = new ManualClock();
  const directory = new Directory(new SecretHasher(Buffer.alloc(32)));
  for (let n = 0; n < CITY; n += 1) directory.apply(entry(`kiosk-${n}`, n % 4 === 0 ? '510703' : HERE));
  const kinds = { latest: () => KIOSK };
  const twin = new Twin({
    path: join(t.testdir(), 'twin'),
    kinds,
    journal: OWN_JOURNAL,
    clock,
    observer: quietObserver(),
  });
  let asked = 0;
  const alerts = memoryAlerts();
  alerts.queries.openCounts = async ({ jurisdiction }) => {
    asked += 1;
    const police = covers(codeAlone(jurisdiction), HERE) ? { extreme: 2, minor: 1 } : {};
    return { police, maintenance: police.extreme ? { moderate: 3 } : {} };
  };
  const numbers = { latest: () => null, presence: neverSeen, counts: twin.counts.bind(twin) };
  const messageRate = { perSecond: (scope: Scope) => (covers(scope, HERE) ? 12.345 : 0) };
  const placed = (scope: Scope) => directory.placed(scope);
  const noted = { within: (scope: Scope) => directory.within(scope), placed, changes: () => directory.changes() };
  const unknown = { identity: () => undefined, needsIncident: () => true, counts: () => [] };
  const unseen = { ...unknown, seenBy: () => undefined, everSeenBy: () => undefined };
  const nobody = { ...unseen, find: async () => undefined, authenticate: async () => null };
  const api = await startApi(t, { clock, twin: numbers, alerts, messageRate, directory: { ...nobody, ...noted } });
  const read = (token: string) => api.call({ method: 'GET', url: '/api/v1/overview', headers: bearer(token) });
  const expected = {
    devices: [{ kind: 'recycling-kiosk', online: 0, offline: 0, stale: 0, silent: 75_000 }],
    messagesPerSecond: 12.3,
    alerts: { extreme: 2, severe: 0, moderate: 0, minor: 1 },
    faults: { extreme: 0, severe: 0, moderate: 3, minor: 0 },
  };
  const answers = await Promise.all(Array.from({ length: 50 }, () => read(TOKENS.viewer)));
  for (const { body } of answers) t.same(body, expected);
  t.equal(asked, 1, 'one count serves all of an area');
  t.match((await read(TOKENS.foreign)).body, {
    devices: [{ silent: 25_000 }],
    messagesPerSecond: 0,
    alerts: { extreme: 0 },
    faults: { moderate: 0 },
  });
  await clock.advance(2_000);
  await read(TOKENS.viewer);
  t.equal(asked, 3);
});
