import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { VOLUME_FILE } from '../../../../src/platform/blobs/volume-file.ts';
import { frameOf } from '../../../../src/streams/recorder/disk/disk-protocol.ts';
import { OPEN } from '../../../../src/streams/recorder/disk/writer.ts';
import { onReport, spawnWriter } from '../../../../src/streams/recorder/disk/writer-child.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

t.test(
  'a gateway that is gone keeps the process that writes neither from finishing nor from ending well',
  async (t) => {
    const directory = await temporaryDirectory(t);
    writeFileSync(join(directory, VOLUME_FILE), 'ours\n');
    const child = spawnWriter(directory, 'ours');
    t.teardown(() => child.kill('SIGKILL'));
    await new Promise<void>((resolve) => onReport(child, ({ type }) => type === 'ready' && resolve()));
    child.stdout!.destroy();
    for (const part of frameOf({ type: 'open', id: 1, name: 'one.mp4' }, Buffer.from('video')))
      child.stdin!.write(part);
    child.stdin!.end();
    t.strictSame(await once(child, 'exit'), [0, null]);
    t.strictSame(readdirSync(join(directory, OPEN)), ['one.mp4'], 'what it was given before is there');
  },
);
