import fc from 'fast-check';
import t from 'tap';
import { fill, filled, problemOf } from '../../../../src/alerts/sinks/template/fill.ts';
import { TEXT_FIELDS, type TextFields, testFields, textFields } from '../../../../src/alerts/sinks/text/fields.ts';

const ENTRY = {
  id: 'msg_1',
  event: 'event-1',
  type: 'alert.opened',
  at: '2026-11-21T08:00:00.000Z',
  alert: {
    id: 'alert-1',
    title: { en: 'Plate on the watchlist', zh: '布控车辆' },
    severity: 'severe',
    condition: 'active',
    device: 'checkpoint-7',
    deviceName: '中山路88号卡口',
    subject: { type: 'device', id: 'checkpoint-7', name: '中山路88号卡口' },
    location: { lat: 29.871234, lon: 121.551234 },
    jurisdiction: '330203',
    police: '330203510000',
    occurrences: 3,
    data: { plate: '浙B***45', wanted_plate: '浙B12345', person: '李伟' },
    evidence: [{ id: 'e-1', type: 'picture', camera: 'camera-1', url: '/api/v1/alerts/alert-1/evidence/e-1' }],
    comments: [{ by: '王芳', at: '2026-11-21T08:01:00.000Z', text: 'seen' }],
    ackedBy: '王芳',
    assignedTo: 'wang',
    exercise: false,
  },
};

/** Of a whole alert: what nobody is told in words. */
const UNTOLD = /浙B|李伟|王芳|wang|中山路|checkpoint|camera|29\.8|121\.5|evidence|510000/;

t.test('the fields tell no plate, person, picture or exact place', async (t) => {
  const fields = textFields(ENTRY, () => '海曙区');
  t.same(Object.keys(fields).sort(), [...TEXT_FIELDS].sort(), 'a closed list');
  t.notMatch(JSON.stringify(fields), UNTOLD);
  t.match(fields, { title: '布控车辆', districtName: '海曙区', at: '2026-11-21 16:00:00', count: '3', drill: '' });
  const drill = textFields({ ...ENTRY, alert: { ...ENTRY.alert, exercise: true } }, () => null);
  t.match(drill, { drill: '【演习 EXERCISE】', districtName: '330203' });
  t.match(testFields({ id: 'test_1', at: ENTRY.at }), { drill: '【测试 TEST】', alert: '', title: '' });
});

t.test('a template knows these fields, and nothing else', async (t) => {
  t.equal(problemOf({ text: ['{{title}} {{ at }}'] }), null);
  t.match(problemOf({ text: '{{deviceName}}' }), /knows no field \{\{deviceName\}\}: there are alert, id/);
  for (const text of ['{{', '{{title', 'a }} b', '{{title.en}}', '{{#if title}}', '{{{title}}}', '{{constructor}}']) {
    t.not(problemOf(text), null, text);
  }
  t.match(problemOf(JSON.parse(`${'['.repeat(12)}${']'.repeat(12)}`)), /nested deeper/);
});

t.test('whatever a field says, it stays inside its text', async (t) => {
  const fields = (value: string): TextFields => {
    return Object.fromEntries(TEXT_FIELDS.map((name) => [name, value])) as unknown as TextFields;
  };
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const made = filled({ a: '<{{title}}>', b: [1, { c: '{{at}}{{at}}' }] }, fields(value));
      const sent = JSON.parse(JSON.stringify(made));
      return sent.a === `<${value}>` && sent.b[1].c === `${value}${value}` && Object.keys(sent).length === 2;
    }),
  );
  t.equal(fill('{{title}}', fields('{{at}}')), '{{at}}', 'what is filled in is not filled again');
});
