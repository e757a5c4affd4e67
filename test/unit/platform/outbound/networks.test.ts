import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { isCidr, Networks } from '../../../../src/platform/outbound/networks.ts';

t.test('an address is in a range, whichever way it is written', async (t) => {
  const networks = new Networks(['10.0.0.0/8', '192.168.1.7', 'fd00::/8']);
  for (const address of [
    '10.255.0.1',
    '192.168.1.7',
    'fd12::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '0:0:0:0:0:ffff:a00:0001',
  ]) {
    t.ok(networks.has(address), address);
  }
  for (const address of [
    '11.0.0.1',
    '192.168.1.8',
    'fe80::1',
    '::10.0.0.1',
    '64:ff9b::a00:1',
    '::ffff:11.0.0.1',
    'x',
    '',
  ]) {
    t.notOk(networks.has(address), address);
  }
  t.notOk(new Networks([]).has('10.0.0.1'), 'an empty set holds nothing');
  t.notOk(new Networks(['0.0.0.0/0']).has('::1'));
});

t.test('what is no range is refused', async (t) => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'host/8',
    '',
    '10.0.0.0/-1',
    'fe80::1%lo/64',
  ]) {
    t.notOk(isCidr(text), text);
    t.throws(() => new Networks([text]), RangeError);
  }
  t.ok(isCidr('0.0.0.0/0'));
});

t.test('it agrees with the system on every address and range', async () => {
  const v4 = fc.ipV4();
  const v6 = fc.ipV6();
  const agree = (address: string, start: string, bits: number) => {
    const family = (text: string) => (isIP(text) === 6 ? 'ipv6' : 'ipv4');
    const judge = new BlockList();
    judge.addSubnet(start, bits, family(start));
    return new Networks([`${start}/${bits}`]).has(address) === judge.check(address, family(address));
  };
  fc.assert(fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), agree));
  fc.assert(fc.property(v6, v6, fc.integer({ min: 0, max: 128 }), agree));
  fc.assert(fc.property(v4, fc.integer({ min: 1, max: 32 }), (address, bits) => agree(address, address, bits)));
  fc.assert(fc.property(v6, fc.integer({ min: 1, max: 128 }), (address, bits) => agree(address, address, bits)));
  fc.assert(fc.property(fc.string(), (text) => isCidr(text) === false || isIP(text.split('/')[0]!) !== 0));
});
