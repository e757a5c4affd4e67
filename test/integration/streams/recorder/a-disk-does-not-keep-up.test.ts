import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { VOLUME_FILE } from '../../../../src/platform/blobs/volume-file.ts';
import { Disk } from '../../../../src/streams/recorder/disk/disk.ts';
import { DiskMetrics } from '../../../../src/streams/recorder/disk/disk-metrics.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock, passTime } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const MiB = 1024 * 1024;
const directory = await temporaryDirectory(t);

t.test('what waits for a disk has a limit, and what matters less is given up first', async (t) => {
  writeFileSync(join(directory, VOLUME_FILE), 'ours\n');
  const observer = quietObserver();
  const disk = new Disk(
    {
      name: 'one',
      directory,
      clock: systemClock,
      log: observer.log,
      metrics: new DiskMetrics(observer, () => []),
      identity: async () => ({ identity: 'ours' }),
      notOurs: async () => null,
      found: () => {},
    },
    { queueBytesMax: 16 * MiB, reserveBytes: 0, hungMs: 60_000, slowMs: 1_000, againMs: 100 },
  );
  disk.start(() => {});
  t.teardown(() => disk.stop());
  await until('it is ready', () => disk.isReady);
  const shares = { minors: 0.5, public: 0.75, 'key-site': 1 };
  const files = Object.entries(shares).map(([name, share]) => {
    const file = disk.open({ name: `${name}.mp4`, lead: Buffer.from(name), share })!;
    return { name, file, bytes: name.length };
  });
  process.kill(disk.pid!, 'SIGSTOP');
  const given: string[] = [];
  const chunk = Buffer.alloc(MiB / 4, 7);
  while (given.length < files.length) {
    for (const one of files.filter(({ name }) => !given.includes(name))) {
      if (one.file.write(chunk)) one.bytes += chunk.length;
      else given.push(one.name);
    }
    t.ok(disk.waitingBytes <= 17 * MiB);
  }
  t.strictSame(given, ['minors', 'public', 'key-site']);
  t.equal(disk.open({ name: 'more.mp4', lead: chunk, share: 1 }), null, 'nothing is begun until half of it is free');
  t.equal(disk.isSound, false, 'others are taken first');
  process.kill(disk.pid!, 'SIGCONT');
  const ends = await Promise.all(files.map(({ file }) => file.ended));
  for (const [at, { name, bytes }] of files.entries()) {
    t.match(ends[at], { how: 'whole', bytes }, 'what it had taken is whole');
    t.equal(readFileSync(join(directory, 'whole', `${name}.mp4`)).length, bytes);
  }
  const { values } = await observer.metrics.getSingleMetric('citywatch_recording_dropped_total')!.get();
  t.match(values, [{ value: 3, labels: { disk: 'one' } }]);
});

t.test('who reads a disk that hangs is told soon, and nobody else waits', async (t) => {
  const clock = new ManualClock();
  const reader = new DiskReader({ clock, directory });
  t.teardown(() => reader.stop());
  mkdirSync(join(directory, '20261129', '12'), { recursive: true });
  const path = '20261129/12/one.mp4';
  writeFileSync(join(directory, path), Buffer.alloc(5 * MiB, 1));
  t.equal(await reader.size(path), 5 * MiB);
  t.equal((await reader.read(path, 1, 5 * MiB)).length, 5 * MiB - 1, 'up to its end, in several pieces');
  t.equal(await reader.size('20261129/12/none.mp4'), null);
  t.strictSame(await reader.list('20261129/12'), [{ name: 'one.mp4', bytes: 5 * MiB }]);
  t.equal(await reader.inspect(path), null, 'nothing of it is video');
  const hung = reader.pid!;
  process.kill(hung, 'SIGSTOP');
  const refused = t.rejects(reader.read(path, 0, 1), { code: 'store.unavailable' });
  await passTime(clock, () => reader.pid !== hung, 100);
  await refused;
  await until('another reads', async () => (await reader.size(path)) === 5 * MiB);
  t.not(reader.pid, hung);
});
