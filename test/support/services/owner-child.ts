/**
 * A gateway reduced to those who write as an owner, for a test that freezes it: takes the lease of the given database
 * and goes on writing, without ever asking whether it still holds the lease, until each writer was refused. Prints a
 * line when each has written once, and at its end by what error each was stopped, as JSON.
 */

import { randomBytes } from 'node:crypto';
import { AlertDesk } from '../../../src/alerts/desk/desk.ts';
import { AlertLog } from '../../../src/alerts/desk/log.ts';
import { AlertQueries } from '../../../src/alerts/desk/queries.ts';
import { StageTimers } from '../../../src/alerts/desk/stage-timers.ts';
import { AlertKeeping } from '../../../src/alerts/keeping/keeping.ts';
import type { Stage } from '../../../src/alerts/route/stages/stage.ts';
import { RulesEngine } from '../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../src/alerts/rules/rules.ts';
import { RULES_SAVE_MS, RulesReader } from '../../../src/alerts/rules/rules-reader.ts';
import { systemClock as clock } from '../../../src/core/clock.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { slotOf } from '../../../src/core/slots.ts';
import type { DecodedBatch } from '../../../src/core/types.ts';
import { CameraSetup } from '../../../src/devices/cameras/setup.ts';
import { OnvifError } from '../../../src/devices/onvif/problems.ts';
import { Commands } from '../../../src/ingest/commands/commands.ts';
import { OpenDevices } from '../../../src/ingest/commands/open-devices.ts';
import { DeadLetters } from '../../../src/ingest/ledger/dead-letters.ts';
import { Ledger } from '../../../src/ingest/ledger/ledger.ts';
import { DatabaseCursors } from '../../../src/ingest/readers/database-cursors.ts';
import { Passages } from '../../../src/passages/passages.ts';
import { PlateSeal } from '../../../src/passages/seal.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { Lease } from '../../../src/platform/database/lease.ts';
import { Vault } from '../../../src/platform/secrets/vault.ts';
import { LEFT_TO_CLAIMS, noteOwnWork, WorkQueue } from '../../../src/platform/work/work.ts';
import { NAMELESS, NO_RULE_GONE, PLATES } from '../alerts/alert-desk.ts';
import { ALL_THERE, kindCatalogue } from '../alerts/alerts.ts';
import { usualStages } from '../alerts/usual-stages.ts';
import { batch, decoded, reading } from '../ingest/batches.ts';
import { PAYLOADS } from '../ingest/ingest.ts';
import { incarnationOf } from '../ingest/journal.ts';
import { quietObserver } from './services.ts';

const FIRE = `
rule: kiosk-fire
version: 1
title: { en: Fire, zh: 火 }
severity: severe
class: incident
kinds: [recycling-kiosk]
condition:
  type: threshold
  any: [{ field: temp_c, above: 70, clear_below: 60 }]
`;

const [url = '', ttlMs = '', deskKey = ''] = process.argv.slice(2);
const observer = quietObserver();
// What the freeze cuts in two is ended by the server, as 30 s later in a gateway.
const database = await Database.open({ url, observer, clock, limits: { ...DATABASE_LIMITS, statementTimeoutMs: 500 } });
const lost = { times: 0 };
const lease = await Lease.take(
  {
    database,
    clock,
    observer,
    holder: { node: 'node-frozen', host: 'frozen', pid: process.pid, directory: '/a', inode: '1:1' },
    isPrivate: false,
    onLost: () => {
      lost.times += 1;
    },
  },
  { ttlMs: Number(ttlMs), renewMs: 100, marginMs: 0 },
);
const { ownership } = lease;

const parsed = parseRule(FIRE, kindCatalogue);
if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
const rules = new RulesReader({
  saveMs: RULES_SAVE_MS,
  database,
  clock,
  observer,
  engine: new RulesEngine([parsed.rule], { match: () => [] }, ALL_THERE),
  head: () => Number.MAX_SAFE_INTEGER,
  isClockKnown: () => true,
  raised: () => {},
  committed: () => {},
  incarnationOf,
  plates: PLATES,
  slotOf,
  ownership,
  work: LEFT_TO_CLAIMS,
});
const ledger = new Ledger({
  database,
  journals: {},
  incarnationOf,
  ownership,
  clock,
  payloads: PAYLOADS,
  jurisdictionOf: () => undefined,
});
const cursors = new DatabaseCursors({ database, reader: 'completeness', incarnationOf, ownership, clock });
const unmoved = new DatabaseCursors({ database, reader: 'rollups', incarnationOf, ownership, clock });
const desk = new AlertDesk({
  database,
  clock,
  log: new AlertLog({
    clock,
    observer,
    stages: usualStages(),
    ownership,
    work: LEFT_TO_CLAIMS,
  }),
  places: { placesOf: async () => new Map(), ...NAMELESS },
  gone: NO_RULE_GONE,
  titleOf: (rule) => ({ en: rule, zh: rule }),
  committed: () => {},
});
const work = new WorkQueue({ database, clock, observer, ownership });
work.handle('frozen', async () => ({ again: { atMs: clock.nowMs() } }));
const { signal } = new AbortController();
const kinds = { latest: () => undefined };
const nobody = { seenBy: () => undefined };
const open = new OpenDevices(database);
const commands = new Commands({
  database,
  ownership,
  clock,
  observer,
  kinds,
  directory: nobody,
  open,
  rights: { may: () => true },
  vault: new Vault(randomBytes(32)),
  ring: () => {},
});
const cameras = new CameraSetup({
  database,
  ownership,
  clock,
  observer,
  vault: new Vault(randomBytes(32)),
  access: async () => ({ xaddr: 'http://10.0.0.1/', username: 'u', password: 'p' }),
  inspect: async () => Promise.reject(new OnvifError('unreachable')),
  units: { judge: async () => null },
});
const queries = new AlertQueries(database);
const keepDays = { incident: 1, fault: 1, system: 1 };
const pictures = { delete: async () => {} };
const keeping = new AlertKeeping({ database, ownership, pictures, keepDays, forgotten: () => {} });
const letters = new DeadLetters({ database, ownership, clock, replay: { ask: async () => null } });
const plates = { hash: randomBytes(32), seal: new PlateSeal(randomBytes(32)) };
const passages = new Passages({ database, ownership, clock, believed: clock, observer, keys: plates, keepDays: 90 });
const late: Stage<null> = {
  name: 'late',
  needed: true,
  locks: false,
  read: async () => null,
  run: (changes) => ({ changes, timers: [{ key: 'x', atMs: clock.nowMs() }] }),
};
const timers = new StageTimers({
  database,
  log: new AlertLog({ clock, observer, stages: [late], ownership, work: LEFT_TO_CLAIMS }),
  committed: () => {},
});

/** A kiosk that burns and does not, in turns. */
function batchAt(step: number): DecodedBatch {
  const device = { id: 'k-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330203' };
  const place = { device, offset: step * 100, receivedAtMs: clock.nowMs() };
  return batch([decoded([reading({ temp_c: step % 2 === 0 ? 90 : 20 }, { atMs: place.receivedAtMs })], place)]);
}

const WRITERS: Record<string, (step: number) => Promise<unknown>> = {
  ledger: (step) => ledger.commit(batchAt(step), []),
  rules: (step) => rules.handle(batchAt(step)),
  cursors: (step) => cursors.save({ live: (step + 1) * 100 }, async () => {}),
  'state without a cursor': () => unmoved.save({}, async () => {}),
  claims: () => work.pump('frozen', signal),
  desk: () => desk.handle(deskKey),
  'work noted by hand': (step) => noteOwnWork({ database, clock, ownership }, [{ queue: 'noted', key: `${step % 8}` }]),
  'work that is hastened': () => work.hasten('noted', ''),
  'timers alone': () => timers.handle('late x'),
  'commands that expire': () => commands.expire(clock.nowMs()),
  'old commands': () => commands.prune(clock.nowMs()),
  'introduction of a camera': () => cameras.handle('cam'),
  'old findings': () => queries.pruneFindings(clock.nowMs(), ownership),
  'old deliveries': () => queries.pruneDeliveries(clock.nowMs(), ownership),
  'old alerts': () => keeping.prune(clock.nowMs()),
  'old dead letters': () => letters.prune(clock.nowMs()),
  'old passages': () => passages.keep(),
};

const stopped: Record<string, string> = {};
let begun = 0;
await rules.load('live');
await Promise.all(
  Object.entries(WRITERS).map(async ([name, write]) => {
    for (let step = 0; ; ) {
      try {
        await write(step);
        if (step === 0) begun += 1;
        if (step === 0 && begun === Object.keys(WRITERS).length) process.stdout.write('all write\n');
        step += 1;
      } catch (error) {
        const isOver = !(error instanceof CitywatchError && error.retryable);
        if (isOver) stopped[name] = error instanceof CitywatchError ? error.code : String(error);
        if (isOver) return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }),
);
process.stdout.write(`${JSON.stringify({ stopped, lost: lost.times })}\n`);
process.exit(0);
