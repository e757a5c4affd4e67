/**
 * A gateway reduced to those who write as an owner, for a test that freezes it: takes the lease of the given database
 * and goes on writing, without ever asking whether it still holds the lease, until each writer was refused. Prints a
 * line when each has written once, and at its end by what error each was stopped, as JSON.
 */
import { AlertDesk } from '../../../src/alerts/desk/desk.ts';
import { AlertLog } from '../../../src/alerts/desk/log.ts';
import { STAGES } from '../../../src/alerts/route/stages/stages.ts';
import { RulesEngine } from '../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../src/alerts/rules/rules.ts';
import { RulesReader } from '../../../src/alerts/rules/rules-reader.ts';
import { systemClock as clock } from '../../../src/core/clock.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { slotOf } from '../../../src/core/slots.ts';
import type { DecodedBatch } from '../../../src/core/types.ts';
import { Ledger } from '../../../src/ingest/ledger/ledger.ts';
import { DatabaseCursors } from '../../../src/ingest/readers/database-cursors.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { Lease } from '../../../src/platform/database/lease.ts';
import { WorkQueue } from '../../../src/platform/work/work.ts';
import { NAMELESS, NO_RULE_GONE, PLATES } from '../alerts/alert-desk.ts';
import { ALL_THERE, kindCatalogue } from '../alerts/alerts.ts';
import { batch, decoded, reading } from '../ingest/batches.ts';
import { PAYLOADS } from '../ingest/ingest.ts';
import { incarnationOf } from '../ingest/journal.ts';
import { quietObserver } from './services.ts';

const FIRE = `
rule: kiosk-fire
version: 1
title: { en: Fire, zh: 火 }
severity: severe
kinds: [recycling-kiosk]
condition:
  type: threshold
  any: [{ field: temp_c, above: 70, clear_below: 60 }]
`;

const [url = '', ttlMs = '', deskKey = ''] = process.argv.slice(2);
const observer = quietObserver();
// What the freeze cuts in two is ended by the server, as 30 s later in a gateway.
const database = await Database.open({ url, observer, clock, statementTimeoutMs: 500 });
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
  database,
  clock,
  observer,
  engine: new RulesEngine([parsed.rule], { match: () => null }, ALL_THERE),
  head: () => Number.MAX_SAFE_INTEGER,
  isClockKnown: () => true,
  committed: () => {},
  incarnationOf,
  plates: PLATES,
  slotOf,
  ownership,
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
  log: new AlertLog({ clock, observer, stages: STAGES, ownership }),
  places: { placesOf: async () => new Map(), ...NAMELESS },
  gone: NO_RULE_GONE,
  ownership,
  titleOf: (rule) => ({ en: rule, zh: rule }),
  committed: () => {},
});
const work = new WorkQueue({ database, clock, observer, ownership });
work.handle('frozen', async () => ({ again: { atMs: clock.nowMs() } }));
const { signal } = new AbortController();

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
