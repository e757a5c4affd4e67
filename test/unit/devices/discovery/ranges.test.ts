import t from 'tap';
import { addressesOf, SWEEP_ADDRESSES_MAX } from '../../../../src/devices/discovery/ranges.ts';

const NETWORKS = ['10.0.0.0/8', '192.168.4.0/25'];

t.test('a range is the addresses in it that a device may have', async (t) => {
  t.same(addressesOf('10.1.2.3/30', NETWORKS), ['10.1.2.1', '10.1.2.2']);
  t.same(addressesOf('10.1.2.3', NETWORKS), ['10.1.2.3']);
  t.same(addressesOf('10.1.2.3/31', NETWORKS), ['10.1.2.2', '10.1.2.3']);
  const all = addressesOf('10.255.240.0/20', NETWORKS);
  t.equal(all.length, SWEEP_ADDRESSES_MAX - 2);
  t.equal(all.at(-1), '10.255.255.254');
});

t.test('what is no range, too large, or beyond the camera networks is refused, naming what to do', async (t) => {
  const refused: [string, RegExp][] = [
    ['10.0.0.0/8', /sweep\.cidr: holds 16777216 addresses/],
    ['10.1.0.0/19', /a \/20/],
    ['fd00::/120', /IPv4/],
    ['10.1.2.0/33', /IPv4/],
    ['localhost', /IPv4/],
    ['192.168.4.0/24', /192\.168\.4\.128 is outside .*CITYWATCH_CAMERA_NETWORKS/],
    ['127.0.0.1', /outside/],
  ];
  for (const [cidr, message] of refused) t.throws(() => addressesOf(cidr, NETWORKS), { message }, cidr);
});
