import t from 'tap';
import { compareUnits, isBlank, type UnitIdentity } from '../../../../src/devices/units/identity.ts';

const UNIT: UnitIdentity = {
  maker: 'Dahua',
  model: 'IPC-1',
  serial: '6C0123',
  mac: 'aa:bb:cc:00:00:01',
  endpoint: 'urn:uuid:00112233-4455-6677-8899-aabbccddeeff',
};
const NOTHING = { serial: null, mac: null, endpoint: null };

const CASES: {
  what: string;
  known?: Partial<UnitIdentity>;
  found: Partial<UnitIdentity>;
  same: boolean;
  differs?: string[];
}[] = [
  { what: 'itself', found: {}, same: true, differs: [] },
  { what: 'another unit', found: { serial: '6C0999', mac: 'aa:bb:cc:00:00:02', endpoint: 'x' }, same: false },
  {
    what: 'a firmware that writes the serial number anew',
    found: { serial: 'DH-6C0123' },
    same: true,
    differs: ['serial'],
  },
  {
    what: 'a new mainboard',
    found: { mac: 'aa:bb:cc:00:00:02', endpoint: 'x' },
    same: true,
    differs: ['mac', 'endpoint'],
  },
  { what: 'the other of two interfaces', known: { mac: 'a:1,a:2' }, found: { serial: '', mac: 'a:2,a:3' }, same: true },
  {
    what: 'a unit of the same firmware, whose endpoint is built in',
    found: { serial: '6C0999', mac: null },
    same: false,
  },
  { what: 'a serial that is a stand-in', known: { serial: '000000' }, found: { serial: '123456' }, same: true },
  { what: 'two stand-ins on two boards', known: { serial: '0' }, found: { serial: '0', mac: 'b:1' }, same: false },
  { what: 'the endpoint alone', found: { serial: null, mac: null }, same: true },
  { what: 'another endpoint alone', found: { ...NOTHING, endpoint: 'uuid:1' }, same: false, differs: ['endpoint'] },
  { what: 'one that fell silent about itself', found: NOTHING, same: false, differs: ['serial', 'mac', 'endpoint'] },
  { what: 'one that never told', known: NOTHING, found: NOTHING, same: true },
  { what: 'another model where nothing else is told', known: NOTHING, found: { ...NOTHING, model: 'X' }, same: false },
  { what: 'one that tells more than before', known: NOTHING, found: {}, same: true },
  {
    what: 'an endpoint written otherwise',
    known: { serial: null, mac: null },
    found: { endpoint: UNIT.endpoint!.slice(9).toUpperCase() },
    same: true,
  },
];

for (const { what, known, found, same, differs } of CASES) {
  t.test(what, async (t) => {
    const answer = compareUnits({ ...UNIT, ...known }, { ...UNIT, ...known, ...found });
    t.equal(answer.same, same);
    if (differs) t.same(answer.differs, differs);
  });
}

t.test('a unit that was never introduced is blank', async (t) => {
  t.ok(isBlank({ maker: null, model: null, ...NOTHING }));
  t.notOk(isBlank({ maker: 'M', model: null, ...NOTHING }));
});
