import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RulesEngine } from '../src/alerts/rules/engine.ts';
import { parseRule } from '../src/alerts/rules/rules.ts';
import { systemClock as clock, HOUR_MS } from '../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../src/core/observe.ts';
import type { DeviceIdentity, DeviceKind } from '../src/core/types.ts';
import { DuplicateIndex } from '../src/ingest/duplicates/index.ts';
import { Journal } from '../src/ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS } from '../src/ingest/journal/options.ts';
import { FEED_LIMITS, JournalFeed, UNGUARDED } from '../src/ingest/readers/journal-feed.ts';
import { Twin } from '../src/telemetry/twin/twin.ts';
import { lineOf, seriesOf } from '../src/telemetry/writer/line-protocol.ts';
import { ALL_THERE } from '../test/support/alerts/alerts.ts';
import { ONE_LIFE, OWN_JOURNAL } from '../test/support/ingest/journal.ts';
import { tell } from './support/figures.ts';
import { run, setting } from './support/harness.ts';

/**
 * What a message costs the gateway itself, by how many devices and kinds there are: journal, decoding, duplicates, two
 * rules, last values and the line for InfluxDB, in one process without network and servers.
 * `CITYWATCH_BENCH_MESSAGES` (default 300,000) are spread over all devices, after a tenth as warm-up and one of each
 * device; the first case is measured again at the end, warm as the others are.
 */
const MESSAGES = setting('MESSAGES', 300_000);
const CASES = [
  { devices: 1_000, kinds: 22 },
  { devices: 10_000, kinds: 22 },
  { devices: 100_000, kinds: 22 },
  { devices: 10_000, kinds: 200 },
  { devices: 1_000, kinds: 22 },
];
const BATCH = 2_000;
const KINDS_OF_A_RULE = 50;
const JOURNAL = { lane: 'live', lineage: ONE_LIFE, options: JOURNAL_DEFAULTS } as const;
const FEED = { limits: FEED_LIMITS, guard: UNGUARDED };
const FIRST_TS_MS = Date.now() - HOUR_MS;

const fields: DeviceKind['fields'] = new Map([
  ['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
  ['weight_kg', { type: 'number', unit: 'kg', min: 0, max: 5000 }],
  ['temp_c', { type: 'number', unit: '°C', min: -60, max: 300 }],
  ['smoke', { type: 'boolean' }],
  ['battery_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
]);
const RULES = [
  ['fire', 'type: threshold, any: [{ field: smoke, equals: true }, { field: temp_c, above: 70 }]'],
  ['silent', 'type: absence, silent_for_s: 3600'],
] as const;

await run(async () => {
  // Nothing here waits for the network, which would keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  for (const [turn, one] of CASES.entries()) await measure({ ...one, turn });
  clearInterval(alive);
});

async function measure({ devices, kinds, turn }: (typeof CASES)[number] & { turn: number }): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'citywatch-bench-'));
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const catalogue = new Map(Array.from({ length: kinds }, (_, number) => [`kind-${number}`, kindOf(`kind-${number}`)]));
  const latest = (name: string): DeviceKind | undefined => catalogue.get(name);
  const journal = await Journal.open({ ...JOURNAL, directory, clock, observer });
  const duplicates = new DuplicateIndex(join(directory, 'duplicates'));
  await duplicates.open(journal.head);
  const lanes = { live: { journal, duplicates } };
  const feed = new JournalFeed({ ...FEED, lanes, kinds: { at: latest }, observer });
  const twin = new Twin({ path: join(directory, 'twin'), kinds: { latest }, journal: OWN_JOURNAL, clock, observer });
  const rules = rulesFor([...catalogue.keys()], latest);
  const engine = new RulesEngine(rules, { match: () => [] }, ALL_THERE);
  const identities = identitiesOf(devices, kinds);
  let sent = 0;
  let characters = 0;
  const { signal } = new AbortController();
  const pass = async (count: number): Promise<void> => {
    for (const end = sent + count; sent < end; ) {
      const from = journal.head;
      const part = Array.from({ length: Math.min(BATCH, end - sent) }, (_, at) =>
        append(journal, identities[(sent + at) % devices]!, Math.floor((sent + at) / devices)),
      );
      sent += part.length;
      await Promise.all(part);
      for (let offset = from; offset < journal.head; ) {
        const batch = await feed.read({ lane: 'live', offset }, signal, 'all');
        twin.handle(batch);
        for (const decoded of batch.messages) {
          engine.judge(decoded, decoded.message.receivedAtMs);
          const series = String(seriesOf(decoded.message.device));
          for (const record of decoded.records) {
            characters += String(lineOf(series, decoded.message.receivedAtMs, record)).length;
          }
        }
        offset = batch.to;
      }
      engine.takeChanged();
    }
  };
  await pass(Math.max(devices, MESSAGES / 10));
  const before = process.cpuUsage();
  await pass(MESSAGES);
  const used = process.cpuUsage(before);
  tell(
    'cost of a message',
    { turn: turn + 1, devices, kinds },
    {
      each: [(used.user + used.system) / MESSAGES, 'CPU µs'],
      'characters of its line': [characters / sent, 'count'],
    },
  );
  await duplicates.close();
  await journal.close();
  await rm(directory, { recursive: true });
}

function identitiesOf(devices: number, kinds: number): DeviceIdentity[] {
  return Array.from({ length: devices }, (_, number) => ({
    id: `bench-${number}`,
    kind: `kind-${number % kinds}`,
    kindVersion: 1,
    jurisdiction: '330203',
  }));
}

/** The message with this number of one device. */
function append(journal: Journal, device: DeviceIdentity, number: number): Promise<unknown> {
  const values = '"fill_pct":82.5,"weight_kg":17.25,"temp_c":21.5,"smoke":false,"battery_pct":97';
  return journal.append({
    receivedAtMs: clock.nowMs(),
    uplink: 'mqtt',
    channel: 'telemetry',
    topic: `cw/v1/${device.id}/telemetry`,
    connection: device.id,
    device,
    packetId: 1 + (number % 60_000),
    dup: false,
    raw: Buffer.from(`{"ts":${FIRST_TS_MS + number},"values":{${values}}}`),
  });
}

function kindOf(kind: string): DeviceKind {
  const title = { en: kind, zh: kind };
  const times = { periodS: 60, staleAfterS: 300 };
  return { kind, version: 1, title, stream: false, ...times, fields, events: new Map(), commands: new Map() };
}

function rulesFor(kinds: string[], latest: (name: string) => DeviceKind | undefined) {
  return RULES.flatMap(([name, condition]) =>
    Array.from({ length: Math.ceil(kinds.length / KINDS_OF_A_RULE) }, (_, part) => {
      const rule = `${name}-${part}`;
      const title = `{ en: ${rule}, zh: ${rule} }`;
      const head = `rule: ${rule}\nversion: 1\ntitle: ${title}\nseverity: severe\nclass: incident\n`;
      const some = kinds.slice(part * KINDS_OF_A_RULE, (part + 1) * KINDS_OF_A_RULE).join(', ');
      const parsed = parseRule(`${head}kinds: [${some}]\ncondition: { ${condition} }\n`, { latest });
      if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
      return parsed.rule;
    }),
  );
}
