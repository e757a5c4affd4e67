import t from 'tap';
import type { z } from 'zod';
import { toIssues } from '../../../../src/api/server/validation.ts';
import type { Forbidden } from '../../../../src/core/forbidden/table.ts';
import { planOf } from '../../../../src/devices/import-export/plan.ts';
import { maintenanceInput } from '../../../../src/devices/life/input.ts';
import { orderInput, orderStepInput } from '../../../../src/devices/orders/input.ts';
import { deviceInput, devicePatch } from '../../../../src/devices/registry/input.ts';
import { unitInput } from '../../../../src/devices/units/input.ts';
import { EXAMPLES } from '../../../support/forbidden-examples.ts';

const DEVICE = { kind: 'camera', name: 'x', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
const ID = '0190a0a0-0000-4000-8000-000000000001';
const SAYS: Record<Forbidden, RegExp> = {
  health: /^holds what may be a health reading of a person\. Leave it out: those belong to the health system\.$/,
  card: /^holds what may be the number of a payment card\. Leave it out, or write its last four digits\.$/,
  identity: /^holds what may be an identity number\. Leave it out: name the person, or the number of the case\.$/,
  mac: /^holds what may be the hardware address of .* goes into `mac` of the unit\.$/,
};

function issuesOf(schema: z.ZodType, body: object) {
  const { error } = schema.safeParse(body);
  return error ? toIssues(error, 'body', [], body) : [];
}

t.test('what must not enter is refused in every text about a device, by its field and with what to do', async (t) => {
  const texts: [string, z.ZodType, (text: string) => object][] = [
    ['name', deviceInput, (name) => ({ ...DEVICE, name })],
    ['purpose', devicePatch, (purpose) => ({ purpose })],
    ['file.address', devicePatch, (address) => ({ file: { address } })],
    ['file.owner', devicePatch, (owner) => ({ file: { owner } })],
    ['file.tags[1]', devicePatch, (tag) => ({ file: { tags: ['x', tag] } })],
  ];
  for (const [path, schema, body] of texts) {
    for (const [what, { values, others }] of Object.entries(EXAMPLES)) {
      for (const value of values) {
        const issues = issuesOf(schema, body(value));
        t.match(issues, [{ path, message: SAYS[what as Forbidden] }], `${path}: ${value}`);
        t.notOk(JSON.stringify(issues).includes(value), 'and is not told again');
      }
      for (const other of others) t.same(issuesOf(schema, body(other)), [], `${path}: ${other}`);
    }
  }
});

t.test('a note may name the address of the unit, and a unit has a serial number as long as it likes', async (t) => {
  const [mac] = EXAMPLES.mac.values;
  const [card] = EXAMPLES.card.values;
  const order = { id: ID, device: 'k-1', title: `${mac} taken down` };
  t.same(issuesOf(orderInput, order), []);
  t.match(issuesOf(orderInput, { ...order, text: `paid by ${card}` }), [{ path: 'text', message: SAYS.card }]);
  t.same(issuesOf(orderStepInput, { id: ID, note: `hangs there: ${mac}` }), []);
  t.match(issuesOf(maintenanceInput, { reason: '体温38.5', minutes: 5 }), [{ path: 'reason', message: SAYS.health }]);
  t.same(issuesOf(unitInput, { serial: card, mac }), []);
  t.same(issuesOf(devicePatch, { file: { pole: card, circuit: card } }), []);
});

t.test('a key that nobody knows is not told where it is itself what must not stand there', async (t) => {
  const [card = ''] = EXAMPLES.card.values;
  t.match(issuesOf(devicePatch, { [card]: 1, colour: 1 }), [{ path: '[hidden]' }, { path: 'colour' }]);
});

t.test('a row of a spreadsheet is refused by the column, and the others are not', async (t) => {
  const cells = {
    id: 'k-1',
    kind: 'camera',
    name: '张三 11010519491231002X',
    jurisdiction: '330212',
    lat: '1',
    lon: '2',
  };
  const plan = planOf({ line: 2, cells, faults: [] }, undefined, { all: () => [] });
  t.match(plan, { verdict: 'error', faults: [{ message: SAYS.identity, column: /^\S/ }] });
  t.notMatch(JSON.stringify(plan), /19491231/);
});
