import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { whyNotFill } from '../../../simulators/faults/disk.ts';
import { fillsDisk } from '../../../src/app/commands/simulate/fills-disk.ts';
import { SmallDisk } from '../../../src/app/local-services/small-disk.ts';
import { ROOT } from '../../support/root.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { until } from '../../support/time/until.ts';

t.test('it is small, others reach it by its path, and it is gone when it is let go of', async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  const disk = await SmallDisk.make(directory);
  t.teardown(() => disk.stop());
  const { blocks, bsize } = statfsSync(disk.path);
  t.equal((blocks * bsize) / 2 ** 20, 384);
  t.equal(whyNotFill(disk.path), null);
  writeFileSync(join(disk.path, 'x'), 'on it');
  t.equal(execFileSync('cat', [join(disk.path, 'x')], { encoding: 'utf8' }), 'on it');
  t.notOk(existsSync(join(directory, 'x')), 'nobody finds it where it is mounted');
  t.notMatch(readFileSync('/proc/mounts', 'utf8'), directory);
  await disk.stop();
  t.notOk(existsSync(disk.path));
});

t.test('nothing is left of it when who made it is killed', async (t) => {
  const module = join(ROOT, 'src/app/local-services/small-disk.ts');
  const directory = join(await temporaryDirectory(t), 'disk');
  const script = `import { SmallDisk } from ${JSON.stringify(module)};
    console.log((await SmallDisk.make(${JSON.stringify(directory)})).path);`;
  const maker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [path] = (await once(createInterface({ input: maker.stdout }), 'line')) as [string];
  t.ok(existsSync(path));
  maker.kill('SIGKILL');
  await until('it is gone', () => !existsSync(path));
});

t.test('it is made where a timeline fills the disk, and nowhere else', async (t) => {
  const file = join(await temporaryDirectory(t), 'city.yaml');
  for (const [text, fills] of [
    ['timeline: [{ atS: 1, do: storm }, { atS: 5, do: fill-disk, forS: 10 }]', true],
    ['timeline: [{ atS: 5, do: stop, program: fill-disk, forS: 10 }]', false],
    ['city: none', false],
    ['timeline: [', false],
  ] as const) {
    writeFileSync(file, text);
    t.equal(await fillsDisk(file), fills, text);
  }
  t.equal(await fillsDisk(join(file, 'nowhere')), false);
});
