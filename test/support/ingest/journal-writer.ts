import { createWriteStream } from 'node:fs';
import { systemClock } from '../../../src/core/clock.ts';
import { Journal } from '../../../src/ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS } from '../../../src/ingest/journal/options.ts';
import { kioskMessage, ONE_LIFE, quietObserver } from './journal.ts';

/**
 * A child process that writes to the journal in argv[2] until it is killed, and reports on file descriptor 3 every
 * message that was acked: "offset packetId" per line.
 */
const [directory, seed] = [process.argv[2]!, Number(process.argv[3])];
const acks = createWriteStream('', { fd: 3 });
const journal = await Journal.open({
  directory,
  lane: 'live',
  lineage: ONE_LIFE,
  clock: systemClock,
  observer: quietObserver(),
  options: { ...JOURNAL_DEFAULTS, segmentBytes: 100_000, groupDelayMs: 1 },
});

let number = seed * 100_000;
setInterval(() => {}, 1000);
const sender = async () => {
  for (;;) {
    number += 1;
    const mine = number;
    const { offset } = await journal.append(kioskMessage({ packetId: mine, raw: Buffer.from(`n${mine}`) }));
    acks.write(`${offset} ${mine}\n`);
  }
};
for (let index = 0; index < 50; index += 1) void sender();
