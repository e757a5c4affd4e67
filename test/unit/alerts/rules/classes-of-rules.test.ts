import t from 'tap';
import { CLASSES, classedBy, isWanted, OF_POLICE_DESK } from '../../../../src/alerts/rules/classes.ts';
import { opensOrder, parseRule } from '../../../../src/alerts/rules/rules.ts';
import { kindCatalogue } from '../../../support/alerts/alerts.ts';

const read = (keys: string) =>
  parseRule(
    `rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nkinds: [camera]\n${keys}\n` +
      'condition: { type: absence, silent_for_s: 30 }',
    kindCatalogue,
  );

t.test('every rule says what it tells of', async (t) => {
  t.match(read(''), { issues: [{ path: / class$/ }] });
  t.match(read('class: alarm'), { issues: [{ path: ':6 class' }] });
  for (const one of CLASSES) t.match(read(`class: ${one}`), { rule: { class: one } });
});

t.test('incidents ring the police desk; faults and what the gateway lacks only where the rule says so', async (t) => {
  const deskOf = (keys: string) => {
    const parsed = read(keys);
    return 'rule' in parsed ? classedBy(parsed.rule).desk : null;
  };
  t.equal(deskOf('class: incident'), 'police');
  t.equal(deskOf('class: fault'), 'maintenance');
  t.equal(deskOf('class: system'), 'maintenance');
  t.equal(deskOf('class: fault\npolice: true'), 'police');
  t.equal(deskOf('class: fault\npolice: false'), 'maintenance');
  t.match(read('class: incident\npolice: false'), { issues: [{ path: ':7 police', message: /anyway/ }] });
});

t.test('a fault opens a work order unless its rule says that it does not; anything else if it says so', async (t) => {
  const opens = (keys: string) => {
    const parsed = read(keys);
    return 'rule' in parsed && opensOrder(parsed.rule);
  };
  t.equal(opens('class: fault'), true);
  t.equal(opens('class: fault\nwork_order: false'), false);
  t.equal(opens('class: incident'), false);
  t.equal(opens('class: incident\nwork_order: true'), true);
  t.equal(opens('class: system'), false);
});

t.test('who names no class gets what rings the police desk, and who names some gets these on any desk', async (t) => {
  const fault = classedBy({ class: 'fault' });
  const tampered = classedBy({ class: 'fault', police: true });
  const fire = classedBy({ class: 'incident' });
  const told = (wanted: Parameters<typeof isWanted>[0]) => [fire, fault, tampered].map((one) => isWanted(wanted, one));
  t.strictSame(told(OF_POLICE_DESK), [true, false, true]);
  t.strictSame(told({ classes: ['fault'] }), [false, true, true]);
  t.strictSame(told({ classes: ['fault'], desk: 'maintenance' }), [false, true, false]);
  t.strictSame(told({}), [true, true, true]);
});
