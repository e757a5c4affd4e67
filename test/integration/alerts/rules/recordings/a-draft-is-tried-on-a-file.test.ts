import t from 'tap';
import { DryRuns, RUNNING_TOGETHER_MAX } from '../../../../../src/alerts/rules/dry-run/dry-runs.ts';
import { Recordings } from '../../../../../src/alerts/rules/dry-run/recordings.ts';
import { DryRunWorker } from '../../../../../src/alerts/rules/dry-run/worker.ts';
import { parseRule } from '../../../../../src/alerts/rules/rules.ts';
import { DAY_MS, systemClock } from '../../../../../src/core/clock.ts';
import type { Caller, DeviceIdentity } from '../../../../../src/core/types.ts';
import { Kinds } from '../../../../../src/devices/kinds/kinds.ts';
import { Unheard } from '../../../../../src/ingest/explain/unheard.ts';
import { listAudit } from '../../../../../src/platform/records/audit.ts';
import { ADMIN } from '../../../../support/alerts/alert-desk.ts';
import { ALL_THERE } from '../../../../support/alerts/alerts.ts';
import { callerIn, KINDS_DIRECTORY, openDatabase } from '../../../../support/devices/registry.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

const database = await openDatabase(t);
const clock = new ManualClock();
/** Pauses are short, and really taken. */
const pausing = { ...systemClock, nowMs: () => clock.nowMs() };
const kinds = await Kinds.load(KINDS_DIRECTORY);
const HERE = '330203';
const BESIDE = '330205';
const FROM_MS = Date.parse('2026-11-20T08:00:00Z');

const identity = (id: string, kind: string, jurisdiction: string): DeviceIdentity => ({
  id,
  kind,
  kindVersion: kinds.latest(kind)!.version,
  jurisdiction,
});
const DEVICES = new Map(
  [
    identity('k1', 'recycling-kiosk', HERE),
    identity('k2', 'recycling-kiosk', BESIDE),
    identity('c1', 'checkpoint', HERE),
  ].map((one) => [one.id, one]),
);

const parse = (text: string) => parseRule(text, kinds);
const draft = (kind: string, condition: string) => `rule: draft
version: 1
title: { en: Draft, zh: 草案 }
severity: minor
class: incident
kinds: [${kind}]
condition: ${condition}
`;
const FULL = draft('recycling-kiosk', '{ type: threshold, any: [{ field: fill_pct, above: 90, clear_below: 70 }] }');
const WANTED = draft('checkpoint', '{ type: event, event: passage, watchlist: { field: plate } }');

/** Asked of every plate, and wants them all: nobody may find that out by a file. */
const watch = { match: () => [{ scope: 'list', data: {}, seenBy: null }] };
const recordings = new Recordings({ database, clock });
const worker = new DryRunWorker({
  database,
  ownership: { transaction: (on, _what, run) => on.transaction(run) },
  clock: pausing,
  past: { decoded: () => t.fail('no journal is read') as never },
  recordings,
  unheard: new Unheard(kinds),
  parse,
  inForce: () => null,
  watch,
  devices: ALL_THERE,
  identityOf: (id) => DEVICES.get(id),
  standing: async (caller) => caller,
});
const dryRuns = new DryRuns({ database, clock, parse, ring: () => {}, cancelled: (id) => worker.cancelled(id) });

interface Line {
  device?: string;
  at: number;
  payload?: object;
  channel?: string;
  gateway?: string;
}

function fileOf(lines: Line[]): Buffer {
  const texts = lines.map(({ at, device, payload, channel = 'telemetry', gateway }) => {
    const receivedAt = new Date(FROM_MS + at * 1000).toISOString();
    return JSON.stringify(gateway ? { receivedAt, gateway } : { receivedAt, device, channel, payload });
  });
  return Buffer.from(texts.join('\n'));
}

const level = (device: string, at: number, fill_pct: number): Line => ({
  device,
  at,
  payload: { values: { fill_pct } },
});

async function finished(caller: Caller, id: string) {
  while ((await worker.handle(id, new AbortController().signal)).again !== null);
  return await dryRuns.get(caller, id);
}

async function tried(caller: Caller, yaml: string, lines: Line[]) {
  const { id: recording } = await recordings.keep(caller, fileOf(lines));
  const { id } = await dryRuns.create(caller, { yaml, of: { recording } });
  const run = await finished(caller, id);
  await recordings.remove(caller, recording);
  return run;
}

const NOBODY_LEFT_OUT = { leftOut: 0, refused: 0, refusals: [] };

t.test('what a draft raises of a file is told alert by alert, the same each time', async (t) => {
  const lines = [level('k1', 0, 50), level('k1', 60, 95), level('k1', 120, 60), level('k1', 180, 96)];
  const run = await tried(ADMIN, FULL, lines);
  t.match(run, { state: 'done', progress: 1, fromMs: FROM_MS, toMs: FROM_MS + 180_001 });
  t.match(run.answer, {
    messages: 4,
    devices: 1,
    inForce: null,
    warnings: [],
    recording: { lines: 4, ...NOBODY_LEFT_OUT },
    onlyDraft: [
      { subject: { id: 'k1' }, firedAtMs: FROM_MS + 60_000, clearedAtMs: FROM_MS + 120_000 },
      { subject: { id: 'k1' }, firedAtMs: FROM_MS + 180_000, clearedAtMs: null },
    ],
  });
  for (let again = 0; again < 3; again += 1) {
    const { answer } = await tried(ADMIN, FULL, lines);
    const withSameId = { ...answer, recording: { ...answer!.recording!, id: run.answer!.recording!.id } };
    t.equal(JSON.stringify(withSameId), JSON.stringify(run.answer), 'byte for byte');
  }
});

t.test('devices beyond the area, and those that nobody knows, are left out and counted', async (t) => {
  const lines = [level('k1', 0, 95), level('k2', 1, 95), level('k9', 2, 95), level('k1', 3, 50)];
  const { answer } = await tried(callerIn(HERE), FULL, lines);
  t.match(answer, { messages: 2, devices: 1, draft: { alerts: 1 }, recording: { lines: 4, leftOut: 2 } });
  t.notMatch(JSON.stringify(answer), /k2|k9/);
});

t.test('what does not fit its kind is counted and named by its line; what was sent twice counts once', async (t) => {
  const trip = (at: number) => ({ device: 'k1', at, channel: 'event', payload: { id: 'e-1', type: 'jam', data: {} } });
  const counted = draft('recycling-kiosk', '{ type: count, event: jam, at_least: 2, within_s: 600 }');
  const once = await tried(ADMIN, counted, [trip(0), trip(1), trip(2)]);
  t.match(once.answer, { messages: 3, draft: { alerts: 0 }, recording: { refused: 0 } });
  const { answer } = await tried(ADMIN, FULL, [level('k1', 0, 10), level('k1', 1, 9_999)]);
  t.match(answer, { recording: { refused: 1, refusals: [{ line: 2, path: 'values.fill_pct' }] } });
});

t.test('a start of the gateway in the file begins clocks anew', async (t) => {
  const silent = draft('recycling-kiosk', '{ type: absence, silent_for_s: 300 }');
  const end = level('k1', 500, 10);
  t.match((await tried(ADMIN, silent, [level('k1', 0, 10), end])).answer, { draft: { alerts: 1 } });
  const started = [level('k1', 0, 10), { at: 290, gateway: 'start' }, end];
  t.match((await tried(ADMIN, silent, started)).answer, { draft: { alerts: 0 } });
});

t.test('nobody finds out by a file which plates are wanted', async (t) => {
  const data = { plate: '浙B12345', plateColor: 'blue', lane: 1, speedKmh: 54 };
  const passage = { device: 'c1', at: 0, channel: 'event', payload: { id: 'p-1', type: 'passage', data } };
  const { answer } = await tried(ADMIN, WANTED, [passage]);
  t.match(answer, { messages: 1, draft: { alerts: 0 }, warnings: ['watchlists-not-asked'], recording: { refused: 0 } });
});

t.test('a file is its sender’s alone, and whose area changed has none', async (t) => {
  const mine = callerIn(HERE);
  const { id } = await recordings.keep(mine, fileOf([level('k1', 0, 1)]));
  const others = [ADMIN, { ...mine, id: 'other' }, { ...mine, jurisdiction: BESIDE }];
  for (const other of others) {
    await t.rejects(dryRuns.create(other, { yaml: FULL, of: { recording: id } }), { code: 'not-found' });
    await t.rejects(recordings.remove(other, id), { code: 'not-found' });
    t.strictSame((await recordings.list(other, { limit: 9 })).items, []);
  }
  t.match((await recordings.list(mine, { limit: 9 })).items, [{ id, lines: 1 }]);
  await recordings.remove(mine, id);
  const audit = await listAudit(database, ADMIN, { subject: `rule-recording/${id}`, limit: 9 });
  t.strictSame(audit.map(({ action }) => action).sort(), ['rule-recording.delete', 'rule-recording.keep']);
});

t.test('one that is deleted meanwhile calls its dry run off, and leaves nothing', async (t) => {
  const { id: recording } = await recordings.keep(ADMIN, fileOf([level('k1', 0, 95)]));
  const { id } = await dryRuns.create(ADMIN, { yaml: FULL, of: { recording } });
  await recordings.remove(ADMIN, recording);
  t.match(await finished(ADMIN, id), { state: 'cancelled', answer: null });
  const left = database.tables<{ rule_recording_piece: { at: number } }>().selectFrom('rule_recording_piece');
  t.strictSame(await left.selectAll().execute(), []);
});

t.test('five of one person are kept, for seven days', async (t) => {
  const file = fileOf([level('k1', 0, 1)]);
  const kept = await Promise.allSettled(Array.from({ length: 8 }, () => recordings.keep(ADMIN, file)));
  t.equal(kept.filter(({ status }) => status === 'fulfilled').length, 5);
  t.match(
    kept.find(({ status }) => status === 'rejected'),
    { reason: { code: 'conflict.state', message: /delete one/ } },
  );
  t.equal(await recordings.prune(clock.nowMs() + 6 * DAY_MS), 0);
  t.equal(await recordings.prune(clock.nowMs() + 7 * DAY_MS + 1), 5);
});

t.test('a file of many lines goes through the table in pieces, in order', async (t) => {
  const lines = Array.from({ length: 9_000 }, (_, at) => level('k1', at, at % 2 === 0 ? 95 : 10));
  const { answer } = await tried(ADMIN, FULL, lines);
  t.match(answer, { messages: 9_000, draft: { alerts: 4_500 }, recording: { lines: 9_000 } });
});

t.test('as many go on at a time as fit into memory, whoever asks', async (t) => {
  const [toMs, people] = [clock.nowMs(), RUNNING_TOGETHER_MAX / 2];
  const askers = Array.from({ length: people + 1 }, (_, n) => ({ ...ADMIN, id: `asker-${n}` }));
  const begin = (caller: Caller) =>
    dryRuns.create(caller, { yaml: FULL, of: { fromMs: toMs - DAY_MS, toMs } }).then(
      ({ id }) => ({ caller, id }),
      ({ code }: { code: string }) => code,
    );
  const begun = await Promise.all([...askers, ...askers].map(begin));
  const going = begun.filter((one) => typeof one !== 'string');
  t.equal(going.length, RUNNING_TOGETHER_MAX);
  t.strictSame(new Set(begun.filter((one) => typeof one === 'string')), new Set(['conflict.state']));
  for (const { caller, id } of going) await dryRuns.cancel(caller, id);
  const next = await begin(askers[0]!);
  t.type(next, 'object', 'there is room again');
  if (typeof next !== 'string') await dryRuns.cancel(next.caller, next.id);
});
