import t from 'tap';
import { RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import { DAY_MS, HOUR_MS } from '../../../../src/core/clock.ts';
import { ALL_THERE, kindCatalogue, message, reading } from '../../../support/alerts/alerts.ts';

const AT_MS = 1_767_571_200_000;

const RULES = [
  `
rule: kiosk-silent
version: 1
title: { en: Silent, zh: 失联 }
severity: moderate
class: incident
kinds: [recycling-kiosk]
condition: { type: absence, silent_for_s: 30 }
`,
  `
rule: kiosk-hot
version: 1
title: { en: Hot, zh: 高温 }
severity: severe
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: temp_c, above: 60 }], hold_s: 20 }
`,
];

function newEngine(): RulesEngine {
  const rules = RULES.map((text) => {
    const parsed = parseRule(text, kindCatalogue);
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    return parsed.rule;
  });
  return new RulesEngine(rules, { match: () => [] }, ALL_THERE);
}

const names = (findings: { rule: string; transition: string }[]) =>
  findings.map(({ rule, transition }) => `${rule} ${transition}`);

function clockSet(receivedAtMs: number) {
  const record = { device: 'gateway', offset: 5, receivedAtMs, records: [], topic: 'internal/clock' };
  return message({ ...record, uplink: 'internal' as const });
}

/** What a kiosk says, hot or not, with the given time of its own. */
function says(temp: number, receivedAtMs: number, atMs = receivedAtMs) {
  return message({
    device: 'k1',
    offset: receivedAtMs % DAY_MS,
    receivedAtMs,
    records: [reading({ temp_c: temp }, atMs)],
  });
}

for (const [name, jumpMs] of [
  ['a day ahead', DAY_MS],
  ['an hour back', -HOUR_MS],
] as const) {
  t.test(`a clock set ${name} makes nobody silent, and silence counts from then`, async (t) => {
    const engine = newEngine();
    engine.judge(says(20, AT_MS), 0);
    const nowMs = AT_MS + 10_000 + jumpMs;
    t.same(names(engine.judge(clockSet(nowMs), 0)), []);
    t.same(names(engine.advanceTo(nowMs + 29_999, 0)), []);
    t.same(names(engine.advanceTo(nowMs + 30_000, 0)), ['kiosk-silent fired']);
  });

  t.test(`with a clock set ${name} what must last lasts its whole time from then`, async (t) => {
    const engine = newEngine();
    engine.judge(says(80, AT_MS), 0);
    const nowMs = AT_MS + 10_000 + jumpMs;
    engine.judge(clockSet(nowMs), 0);
    t.same(names(engine.advanceTo(nowMs + 19_999, 0)), []);
    t.same(names(engine.advanceTo(nowMs + 20_000, 0)), ['kiosk-hot fired']);
  });
}

t.test('readings of a device without a clock count again at once after the clock was set back', async (t) => {
  const engine = newEngine();
  engine.judge(says(20, AT_MS), 0);
  const nowMs = AT_MS + 10_000 - HOUR_MS;
  engine.judge(clockSet(nowMs), 0);
  engine.judge(says(80, nowMs + 1_000), 0);
  t.same(names(engine.advanceTo(nowMs + 21_000, 0)), ['kiosk-hot fired']);
});
