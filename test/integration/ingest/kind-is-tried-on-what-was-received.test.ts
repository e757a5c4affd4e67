import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { HOUR_MS } from '../../../src/core/clock.ts';
import { NATIONWIDE } from '../../../src/core/jurisdiction.ts';
import { receiptId } from '../../../src/core/receipt.ts';
import type { NewMessage } from '../../../src/core/types.ts';
import { Kinds } from '../../../src/devices/kinds/kinds.ts';
import { KindDryRun } from '../../../src/ingest/explain/kind-dry-run.ts';
import { UNGUARDED } from '../../../src/ingest/readers/journal-feed.ts';
import { callerIn } from '../../support/devices/registry.ts';
import { kioskMessage, openJournal, temporaryDirectory } from '../../support/ingest/journal.ts';
import { ManualClock } from '../../support/time/clock.ts';

const PROBE = (version: number, fields: string) =>
  `kind: probe\nversion: ${version}\ntitle: { en: Probe, zh: 探头 }\nstream: false\nperiod_s: 60\n` +
  `stale_after_s: 300\nfields:\n  ok: { type: boolean }\n${fields}`;
const NUMBER = 'type: number, unit: null, min: 0';
const NOW = `  a: { ${NUMBER}, max: 10 }\n  plate: { type: text, max_length: 8, sensitive: plate }\n`;
const CHANGED = `  a: { ${NUMBER}, max: 100, precision: 0 }\n  plate: { type: text, max_length: 2 }\n`;

t.test('a changed kind is judged by what came in, and says what would change', async (t) => {
  const clock = new ManualClock();
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'probe.yaml'), PROBE(1, NOW));
  const kinds = await Kinds.load(directory);
  const journal = await openJournal({ directory: await temporaryDirectory(t), clock, options: { groupDelayMs: 0 } });
  t.teardown(() => journal.close());
  const device = { id: 'p-1', kind: 'probe', kindVersion: 1, jurisdiction: '330212' };
  const send = (raw: unknown, change: Partial<NewMessage> = {}) =>
    journal.append(
      kioskMessage({ device, receivedAtMs: clock.nowMs() - HOUR_MS, raw: Buffer.from(JSON.stringify(raw)), ...change }),
    );
  await send({ values: { a: 1 } }, { receivedAtMs: clock.nowMs() - 25 * HOUR_MS });
  const [same, rounded, mended] = [
    await send({ values: { a: 1 } }),
    await send([{ values: { a: 1.4, ok: true } }, { values: { a: 2 } }]),
    await send({ values: { a: 50 } }),
  ];
  const broken = await send({ values: { plate: '浙B12345' } });
  await send({ values: { a: 7.5 } }, { device: { ...device, jurisdiction: '510700' } });
  await send({ values: { fill_pct: 1 } }, { device: kioskMessage().device });
  await send({ online: true }, { channel: 'state' });

  const trial = new KindDryRun({ guard: UNGUARDED, kinds, journal, clock });
  const answer = await trial.run(callerIn('330200'), PROBE(2, CHANGED), 24);
  t.match(answer, {
    kind: 'probe',
    version: 2,
    complete: true,
    messages: 4,
    valuesChanged: 1,
    before: { decoded: 4, deadLettered: 1 },
    after: { decoded: 4, deadLettered: 1 },
    reasons: [
      { reason: 'too-long', path: 'values.plate', before: 0, after: 1 },
      { reason: 'out-of-range', path: 'values.a', before: 1, after: 0 },
    ],
  });
  t.strictSame(answer.differences, [
    {
      receipt: receiptId(rounded!),
      device: 'p-1',
      index: 0,
      before: 'decoded a=1.4',
      after: 'decoded to a=1',
    },
    { receipt: receiptId(mended!), device: 'p-1', index: 0, before: 'out-of-range values.a', after: 'decoded' },
    { receipt: receiptId(broken), device: 'p-1', index: 0, before: 'decoded', after: 'too-long values.plate' },
  ]);
  t.notMatch(JSON.stringify(answer), /浙B12345/);
  t.notMatch(answer.differences, [{ receipt: receiptId(same!) }]);
  t.equal((await trial.run(callerIn(NATIONWIDE), PROBE(2, CHANGED), 24)).messages, 5, 'everybody sees their own area');
  t.match(await trial.run(callerIn(NATIONWIDE), PROBE(2, CHANGED), 0.5), { messages: 0, complete: true });
  t.equal(kinds.currentVersion('probe'), 1, 'nothing changed');
  await t.rejects(async () => trial.run(callerIn(NATIONWIDE), PROBE(2, '  a: { type: nope }\n'), 24), {
    code: 'request.invalid',
    message: /candidate.yaml:9 ?.*fields.a.type/,
  });
});

t.test('a journal too long for the time it has is judged as far as that reaches', async (t) => {
  const clock = new ManualClock();
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'probe.yaml'), PROBE(1, NOW));
  const kinds = await Kinds.load(directory);
  const journal = await openJournal({ directory: await temporaryDirectory(t), clock, options: { groupDelayMs: 0 } });
  t.teardown(() => journal.close());
  const device = { id: 'p-1', kind: 'probe', kindVersion: 1, jurisdiction: '330212' };
  const raw = Buffer.from('{"values":{"a":1}}');
  await Promise.all(Array.from({ length: 3000 }, () => journal.append(kioskMessage({ device, raw }))));
  const slow = {
    get head() {
      return journal.head;
    },
    tail: journal.tail,
    read: async (offset: number, limits: { maxBytes: number; maxMessages: number }) => {
      await clock.advance(10_000);
      return journal.read(offset, { ...limits, maxMessages: 100 });
    },
  };
  const answer = await new KindDryRun({ guard: UNGUARDED, kinds, journal: slow, clock }).run(
    callerIn(NATIONWIDE),
    PROBE(2, CHANGED),
    24,
  );
  t.match(answer, { complete: false, messages: 200 });
});
