import fc from 'fast-check';
import t from 'tap';
import { RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import type { DecodedMessage } from '../../../../src/core/types.ts';
import { replayConnection } from '../../../../src/ingest/decode/replay-origin.ts';
import { Twin } from '../../../../src/telemetry/twin/twin.ts';
import { ALL_THERE } from '../../../support/alerts/alerts.ts';
import { batch } from '../../../support/ingest/batches.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { OWN_JOURNAL } from '../../../support/ingest/journal.ts';
import { KIOSK, storedMessage } from '../../../support/ingest/kiosk-kind.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const START_MS = 1_767_571_200_000;

const RULE = `
rule: kiosk-fire
version: 1
title: { en: Fire, zh: 起火 }
severity: extreme
class: incident
kinds: [${KIOSK.kind}]
condition: { type: threshold, any: [{ field: smoke, equals: true }] }
`;

function judges() {
  const parsed = parseRule(RULE, { latest: () => KIOSK });
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  const engine = new RulesEngine([parsed.rule], { match: () => [] }, ALL_THERE);
  const deps = { path: '/nowhere/twin', kinds: { latest: () => KIOSK }, clock: new ManualClock(START_MS) };
  const twin = new Twin({ journal: OWN_JOURNAL, ...deps, observer: quietObserver() });
  let burns = false;
  let offset = 0;
  return {
    /** Tells both; returns what the rule and the last value then say. */
    tell(message: DecodedMessage) {
      for (const { transition } of engine.judge(message, 0)) {
        if (burns === (transition === 'fired')) throw new Error(`${transition} twice`);
        burns = transition === 'fired';
      }
      twin.handle(batch([message]));
      const id = message.message.device.id;
      return { rule: burns, latest: twin.latest(id)?.fields.get('smoke')?.value ?? false };
    },
    says(smoke: boolean, receivedAtMs: number, ts: number | null): DecodedMessage {
      const raw = JSON.stringify({ ...(ts === null ? {} : { ts }), values: { smoke } });
      offset += 100;
      const message = storedMessage(raw, { receivedAtMs, offset, endOffset: offset + 100 });
      return { message, ...decodeMessage(message, KIOSK) };
    },
  };
}

/** What a device's clock says, from the true time; null for a message without `ts`. */
const wrongness = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ how: 'right', by: 0 }) },
  { weight: 2, arbitrary: fc.record({ how: fc.constant('ahead'), by: fc.integer({ min: 1, max: 300_000 }) }) },
  { weight: 2, arbitrary: fc.record({ how: fc.constant('behind'), by: fc.integer({ min: 1, max: HOUR_MS }) }) },
  { weight: 1, arbitrary: fc.record({ how: fc.constant('unbelieved'), by: fc.constantFrom(0, 946_684_800_000) }) },
  { weight: 1, arbitrary: fc.record({ how: fc.constant('far ahead'), by: fc.integer({ min: 300_001, max: 1e12 }) }) },
  { weight: 1, arbitrary: fc.constant({ how: 'none', by: 0 }) },
);

function tsOf({ how, by }: { how: string; by: number }, nowMs: number): number | null {
  switch (how) {
    case 'none':
      return null;
    case 'unbelieved':
      return by;
    case 'behind':
      return nowMs - by;
    default:
      return nowMs + by;
  }
}

t.test('a clock that is ahead, behind or not believed hides no reading but backlog', async (t) => {
  const step = fc.record({ gapMs: fc.integer({ min: 0, max: 120_000 }), smoke: fc.boolean(), clock: wrongness });
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
    const { tell, says } = judges();
    let nowMs = START_MS;
    let newestMs = 0;
    let expected: boolean = false;
    for (const { gapMs, smoke, clock } of steps) {
      nowMs += gapMs;
      const ts = tsOf(clock, nowMs);
      const backlog = clock.how === 'behind' && (ts ?? 0) < newestMs;
      if (!backlog) {
        expected = smoke;
        newestMs = clock.how === 'behind' ? (ts ?? 0) : nowMs;
      }
      const told = tell(says(smoke, nowMs, ts));
      if (told.rule !== expected || told.latest !== expected) {
        throw new Error(`${clock.how} ${clock.by}: ${JSON.stringify(told)} instead of ${expected}`);
      }
    }
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
});

t.test('a replay is ordered by its first receipt, not by the time it is replayed', async (t) => {
  const { tell, says } = judges();
  const first = says(true, START_MS, START_MS + 60_000).message;
  t.same(tell(says(false, START_MS + 30_000, START_MS + 30_000)), { rule: false, latest: false });
  const origin = { lane: 'live' as const, offset: first.offset, index: null, receivedAtMs: START_MS };
  const again = { receivedAtMs: START_MS + HOUR_MS, uplink: 'replay' as const, connection: replayConnection(origin) };
  const replay = storedMessage(first.raw, { ...again, offset: 900 });
  t.same(tell({ message: replay, ...decodeMessage(replay, KIOSK) }), { rule: false, latest: false });
});
