import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../src/core/observe.ts';
import { Journal } from '../../src/ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS } from '../../src/ingest/journal/options.ts';
import { ONE_LIFE } from '../../test/support/ingest/journal.ts';

/**
 * What no gateway of this promise can do without: JSON.parse, a zod schema and the journal with its fdatasync, for the
 * messages of `gateway-load.ts`. A process of its own; prints CPU seconds per 100,000 messages.
 */
const MESSAGES = 100_000;
const SENDERS = 1_000;

const schema = z.strictObject({
  ts: z.number(),
  values: z.strictObject({
    fill_pct: z.number().min(0).max(100),
    weight_kg: z.number().min(0).max(5000),
    temp_c: z.number().min(-60).max(300),
    smoke: z.boolean(),
    battery_pct: z.number().min(0).max(100),
  }),
});

const raw = Buffer.from(
  '{"ts":1767571200123,"values":{"fill_pct":82.5,"weight_kg":17.25,"temp_c":21.5,"smoke":false,"battery_pct":97}}',
);

const alive = setInterval(() => {}, 1000);
const directory = await mkdtemp(join(tmpdir(), 'citywatch-bench-'));
const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
const journal = await Journal.open({
  directory,
  lane: 'live',
  lineage: ONE_LIFE,
  options: JOURNAL_DEFAULTS,
  clock: systemClock,
  observer,
});
await send(MESSAGES / 10);
const before = process.cpuUsage();
await send(MESSAGES);
const used = process.cpuUsage(before);
await journal.close();
await rm(directory, { recursive: true });
clearInterval(alive);
process.stdout.write(`${JSON.stringify({ cpuSPer100k: ((used.user + used.system) / 1e6 / MESSAGES) * 100_000 })}\n`);

async function send(messages: number): Promise<void> {
  let left = messages;
  const sender = async (number: number): Promise<void> => {
    const id = `bench-${number}`;
    const device = { id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330203' };
    for (; left > 0; left -= 1) {
      schema.parse(JSON.parse(raw.toString()));
      const from = { uplink: 'mqtt', channel: 'telemetry', topic: `cw/v1/${id}/telemetry` } as const;
      const packet = { connection: id, packetId: 1, dup: false, raw };
      await journal.append({ receivedAtMs: systemClock.nowMs(), device, ...from, ...packet });
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, (_, number) => sender(number)));
}
