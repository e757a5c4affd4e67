import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { cityOfOne, tellDevice } from '../../../../simulators/cities/device-alone.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { ROOT } from '../../../support/root.ts';

const KINDS = readdirSync(join(ROOT, 'config/kinds'))
  .filter((name) => !name.startsWith('_'))
  .map((name) => name.replace(/\.yaml$/, ''));
const FROM_MS = Date.UTC(2026, 5, 8);

t.test('each kind tells alone what it says, the same for the same seed', async (t) => {
  for (const kind of KINDS) {
    const told = (seed: string) => [...tellDevice(kind, { seed, fromMs: FROM_MS, forMs: DAY_MS })];
    const lines = told('1');
    t.ok(lines.length > 0, kind);
    for (const line of lines.slice(0, 20)) t.match(JSON.parse(line), { at: String, channel: /telemetry|event/ });
    t.strictSame(told('1'), lines, kind);
  }
});

t.test('each kind but that of a gateway is a city of one device', async (t) => {
  for (const kind of KINDS.filter((name) => name !== 'gateway')) {
    const { citizens } = buildCity(cityOfOne(kind), { seed: 1, scale: 1, prefix: 'sim-t-', beginAtMs: 0 });
    t.strictSame(
      citizens.map(({ sender }) => sender.model.kind),
      [kind],
    );
  }
  t.throws(() => cityOfOne('toaster'), /there is no kind toaster; there are/);
  t.throws(() => cityOfOne('gateway'), /is the gateway itself/);
});

t.test('from the command line, too', async (t) => {
  const words = [...process.execArgv, 'simulators/cities/main.ts', 'device', 'wifi-ap', '--seed', '3', '--for', '1h'];
  const [line = ''] = execFileSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' }).split('\n');
  t.match(JSON.parse(line), { channel: 'telemetry', payload: { values: { up: Boolean } } });
});
