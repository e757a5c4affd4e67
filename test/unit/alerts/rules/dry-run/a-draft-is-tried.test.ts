import t from 'tap';
import { Trial } from '../../../../../src/alerts/rules/dry-run/trial.ts';
import { parseRule, type Rule } from '../../../../../src/alerts/rules/rules.ts';
import type { DecodedMessage } from '../../../../../src/core/types.ts';
import { ALL_THERE, kindCatalogue, message, reading } from '../../../../support/alerts/alerts.ts';

const NOBODY = { match: () => [] };
const SECOND = 1_000;

function full(version: number, above: number, clearBelow: number): Rule {
  const parsed = parseRule(
    `
rule: kiosk-full
version: ${version}
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: fill_pct, above: ${above}, clear_below: ${clearBelow} }] }
`,
    kindCatalogue,
  );
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

/** Levels of one kiosk, a second from the next. */
function levels(device: string, values: readonly number[], fromMs = 0): DecodedMessage[] {
  return values.map((fill_pct, index) =>
    message({
      device,
      offset: fromMs + index,
      receivedAtMs: fromMs + (index + 1) * SECOND,
      records: [reading({ fill_pct })],
    }),
  );
}

function tried(messages: readonly DecodedMessage[], draft: Rule, inForce: Rule | null = full(1, 90, 70)) {
  const trial = new Trial({ draft, inForce, watch: NOBODY, devices: ALL_THERE });
  for (const one of messages) trial.judge(one);
  return trial.answer();
}

t.test('what a draft raises beside and in place of the rule in force is told, alert by alert', async (t) => {
  const messages = levels('k1', [50, 85, 95, 75, 65, 40]);
  const lower = tried(messages, full(2, 80, 70));
  t.match(lower, {
    fromMs: 1_000,
    toMs: 6_000,
    messages: 6,
    devices: 1,
    draft: { version: 2, alerts: 1, subjects: 1 },
    inForce: { version: 1, alerts: 1, subjects: 1 },
    same: 0,
    leftOut: 0,
    stopped: null,
    warnings: [],
  });
  t.same(lower.onlyDraft, [
    {
      subject: { type: 'device', id: 'k1' },
      jurisdiction: messages[0]!.message.device.jurisdiction,
      firedAtMs: 2_000,
      clearedAtMs: 5_000,
      times: 1,
    },
  ]);
  t.match(lower.onlyInForce, [{ firedAtMs: 3_000, clearedAtMs: 5_000 }]);
  const same = tried(messages, full(2, 90, 70));
  t.match(same, { same: 1, onlyDraft: [], onlyInForce: [], clearedOtherwise: [] });
  const longer = tried(messages, full(2, 90, 50));
  t.match(longer, {
    same: 0,
    onlyDraft: [],
    onlyInForce: [],
    clearedOtherwise: [{ firedAtMs: 3_000, clearedAtMs: 6_000 }],
  });
  t.match(tried(messages, full(1, 90, 50), null), { inForce: null, onlyDraft: [{ firedAtMs: 3_000 }] });
});

t.test('the same messages give the same answer, byte for byte', async (t) => {
  const messages = [...levels('k1', [95, 60, 96]), ...levels('k2', [10, 99, 20], 5_000)];
  const once = JSON.stringify(tried(messages, full(2, 50, 20)));
  for (let again = 0; again < 5; again += 1) t.equal(JSON.stringify(tried(messages, full(2, 50, 20))), once);
});

t.test('a draft that fires for nearly everybody, or all the time, is told to', async (t) => {
  const everybody = Array.from({ length: 12 }, (_, index) => levels(`k${index}`, [30], index * SECOND)).flat();
  t.same(tried(everybody, full(2, 20, 10)).warnings, ['fires-for-nearly-every-device']);
  t.same(tried(everybody, full(2, 40, 10)).warnings, []);
  const restless = Array.from({ length: 130 }, () => [95, 10]).flat();
  t.same(tried(levels('k1', restless), full(2, 80, 20)).warnings, ['raises-a-flood']);
});

t.test('one that raises more than fits is stopped, and says so', async (t) => {
  const trial = new Trial({ draft: full(2, 80, 20), inForce: null, watch: NOBODY, devices: ALL_THERE });
  let judged = 0;
  for (let round = 0; round < 30_000 && !trial.isFull; round += 1) {
    for (const one of levels('k1', [95, 10], round * 10)) trial.judge(one);
    judged += 2;
  }
  const answer = trial.answer();
  t.equal(judged, 40_000);
  t.match(answer, { stopped: 'too-many-alerts', draft: { alerts: 20_000 }, leftOut: 19_800 });
  t.equal(answer.onlyDraft.length, 200);
  t.ok(answer.warnings.includes('too-many-alerts'));
});

t.test('clocks that are due by the end run out, and those behind it do not', async (t) => {
  const silent = (seconds: number): Rule => {
    const text = `
rule: kiosk-silent
version: 1
title: { en: Silent, zh: 失联 }
severity: moderate
class: incident
kinds: [recycling-kiosk]
condition: { type: absence, silent_for_s: ${seconds} }
`;
    const parsed = parseRule(text, kindCatalogue);
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    return parsed.rule;
  };
  const messages = [...levels('k1', [10]), ...levels('k2', [10], 40 * SECOND)];
  t.match(tried(messages, silent(30), null), { onlyDraft: [{ subject: { id: 'k1' }, firedAtMs: 31_000 }] });
  t.match(tried(messages, silent(60), null), { onlyDraft: [], draft: { alerts: 0 } });
});
