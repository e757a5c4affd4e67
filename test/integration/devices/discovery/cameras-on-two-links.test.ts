import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { Finding } from '../../../../src/devices/discovery/finding.ts';
import { judge } from '../../../support/judges.ts';
import { inNewNetwork } from '../../../support/network/new-network.ts';

t.test('cameras behind two network interfaces are both found, and are heard to go and to come', async (t) => {
  const ip = await judge('ip');
  const script = join(import.meta.dirname, '../../../support/devices/discovery-world.ts');
  const [command = '', ...words] = inNewNetwork();
  const { stdout } = await promisify(execFile)(
    command,
    [...words, process.execPath, ...process.execArgv, script, ip.command],
    {
      timeout: 110_000,
    },
  );
  const { interfaces, probed } = JSON.parse(stdout) as { interfaces: number; probed: Finding[] };
  t.equal(interfaces, 2);
  const [first, second] = probed.toSorted((one, other) => one.door.localeCompare(other.door));
  t.match(first, { door: '10.77.1.2:80', name: 'Gate 1', answer: 'told', maker: 'Virtual Optics', firmware: '2.10' });
  t.match(first?.serial, /^0340200\d{13}$/, 'text, although it looks like a number');
  t.match(second, { door: '10.77.2.2:80', name: 'Gate 2', answer: 'login', model: 'VC-768 Street', serial: null });
  t.match(second?.endpoint, /^urn:uuid:/);
});
