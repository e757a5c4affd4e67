import t from 'tap';
import { samePersonAmong } from '../../../../../src/access/owners.ts';
import { keptInForce, RuleVersions } from '../../../../../src/alerts/rules/kept/rule-versions.ts';
import { parseRule, type Rule } from '../../../../../src/alerts/rules/rules.ts';
import type { Caller } from '../../../../../src/core/types.ts';
import { listAudit } from '../../../../../src/platform/records/audit.ts';
import { ADMIN } from '../../../../support/alerts/alert-desk.ts';
import { kindCatalogue } from '../../../../support/alerts/alerts.ts';
import { callerIn, openDatabase } from '../../../../support/devices/registry.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

const database = await openDatabase(t);
const clock = new ManualClock();
const OTHER: Caller = { ...ADMIN, id: 'other', name: 'other' };
const REASON = { reason: 'the summer is hot' };

const text = (rule: string, version: number, areas?: string) => `rule: ${rule}
version: ${version}
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
${areas ? `areas: ["${areas}"]\n` : ''}condition: { type: threshold, any: [{ field: fill_pct, above: 90 }] }
`;

/** Versions of rules over files that hold `files`. */
function versionsOf({ needsApproval = false, files = [] as Rule[] } = {}) {
  const told: string[] = [];
  const versions = new RuleVersions({
    database,
    clock,
    parse: (yaml) => parseRule(yaml, kindCatalogue),
    current: () => files,
    versionOfFile: (name) => files.find(({ rule }) => rule === name)?.version ?? 0,
    needsApproval,
    samePersonAmong,
    changed: async () => {
      const kept = await keptInForce(database);
      told.push(kept.map(({ rule, version, text: of }) => `${rule}@${version}${of === null ? ' ended' : ''}`).join());
    },
  });
  return { versions, told };
}

const fileRule = (rule: string, version: number): Rule =>
  (parseRule(text(rule, version), kindCatalogue) as { rule: Rule }).rule;

t.afterEach(async () => {
  await database.tables<{ rule_version: { id: string } }>().deleteFrom('rule_version').execute();
});

t.test('a rule is in force at once, replaced by the next version, and ended', async (t) => {
  const { versions, told } = versionsOf({ files: [fileRule('full', 4)] });
  await t.rejects(versions.ask(ADMIN, { yaml: text('full', 4), ...REASON }), {
    code: 'request.invalid',
    issues: [{ path: 'yaml', message: 'version must be higher than 4, which this rule had: raise it' }],
  });
  t.match(await versions.ask(ADMIN, { yaml: text('full', 5), ...REASON }), { state: 'in-force', version: 5 });
  await versions.ask(ADMIN, { yaml: text('full', 7), ...REASON });
  t.match(await versions.askEnd(ADMIN, 'full', 'not needed'), { state: 'in-force', version: 8, yaml: null });
  t.strictSame(told, ['full@5', 'full@7', 'full@8 ended']);
  const { items } = await versions.list(ADMIN, { limit: 10 });
  t.strictSame(items.map(({ version, state }) => `${version} ${state}`).sort(), [
    '5 replaced',
    '7 replaced',
    '8 in-force',
  ]);
  const audit = await listAudit(database, ADMIN, { subject: 'rule/full', limit: 10 });
  t.strictSame(
    audit.map(({ action }) => action),
    ['rule.ask-end', 'rule.ask', 'rule.ask'],
  );
});

t.test('where another person has to approve, nothing is in force before', async (t) => {
  const { versions, told } = versionsOf({ needsApproval: true });
  const asked = await versions.ask(ADMIN, { yaml: text('full', 1), ...REASON });
  t.match(asked, { state: 'asked', asked: { id: ADMIN.id } });
  t.strictSame(told, []);
  await t.rejects(versions.ask(OTHER, { yaml: text('full', 2), ...REASON }), { code: 'conflict.state' });
  await t.rejects(versions.approve(ADMIN, asked.id), { code: 'auth.forbidden' });
  t.match(await versions.approve(OTHER, asked.id), { state: 'in-force', decided: { id: 'other', why: null } });
  t.strictSame(told, ['full@1']);
  await t.rejects(versions.reject(OTHER, asked.id, 'too late'), { code: 'conflict.state' });
});

t.test('what is rejected is not in force, and its number is free again', async (t) => {
  const { versions, told } = versionsOf({ needsApproval: true });
  const asked = await versions.ask(ADMIN, { yaml: text('full', 1), ...REASON });
  t.match(await versions.reject(ADMIN, asked.id, 'a mistake'), { state: 'rejected', decided: { why: 'a mistake' } });
  t.match(await versions.ask(ADMIN, { yaml: text('full', 1), ...REASON }), { version: 1, state: 'asked' });
  t.strictSame(told, []);
  t.match((await versions.list(ADMIN, { limit: 10, state: 'rejected' })).items, [{ id: asked.id }]);
});

t.test('nobody keeps a rule for devices beyond their own area, or sees what is asked for elsewhere', async (t) => {
  const { versions } = versionsOf({ needsApproval: true, files: [fileRule('everywhere', 1)] });
  const [yinzhou, haishu] = [callerIn('330212'), callerIn('330203')];
  for (const areas of [undefined, '330203'])
    await t.rejects(versions.ask(yinzhou, { yaml: text('full', 1, areas), ...REASON }), { code: 'auth.forbidden' });
  // It would take the place of one that is for all.
  await t.rejects(versions.ask(yinzhou, { yaml: text('everywhere', 2, '330212'), ...REASON }), {
    code: 'auth.forbidden',
  });
  await t.rejects(versions.askEnd(yinzhou, 'everywhere', 'not here'), { code: 'auth.forbidden' });
  const asked = await versions.ask(yinzhou, { yaml: text('full', 1, '330212'), ...REASON });
  t.strictSame((await versions.list(haishu, { limit: 10 })).items, []);
  await t.rejects(versions.approve(haishu, asked.id), { code: 'not-found' });
  t.match(await versions.approve(callerIn('330200'), asked.id), { state: 'in-force' });
});

t.test('a wrong text names its line and key, and nothing is stored', async (t) => {
  const { versions, told } = versionsOf();
  const wrong = text('full', 1).replace('recycling-kiosk', 'fridge');
  await t.rejects(versions.ask(ADMIN, { yaml: wrong, ...REASON }), {
    code: 'request.invalid',
    issues: [{ path: 'yaml:6 kinds.0' }],
  });
  await t.rejects(versions.ask(ADMIN, { yaml: text('versions', 1), ...REASON }), { code: 'request.invalid' });
  await t.rejects(versions.askEnd(ADMIN, 'nothing', 'x'), { code: 'not-found' });
  t.strictSame(told, []);
  t.strictSame((await versions.list(ADMIN, { limit: 10 })).items, []);
});

t.test('two who ask for the same rule at the same moment take turns', async (t) => {
  const { versions } = versionsOf();
  const asked = await Promise.allSettled(
    [ADMIN, OTHER].map((caller) => versions.ask(caller, { yaml: text('full', 1), ...REASON })),
  );
  t.strictSame(asked.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.strictSame(await keptInForce(database), [{ rule: 'full', version: 1, text: text('full', 1) }]);
});
