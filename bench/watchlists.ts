import { fork } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { PlateBlock, PlateIndex } from '../src/alerts/watchlists/matching/plate-index.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../test/support/alerts/webhook-receiver.ts';
import { orderBody, secondPerson } from '../test/support/api/watchlist-requests.ts';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { until } from '../test/support/time/until.ts';
import { atMost, tell as give } from './support/figures.ts';
import { cpuOf, delays, owner, run, setting } from './support/harness.ts';
import { type PassageOrder, type PassageResult, wantedPlate } from './support/passage-load.ts';

/**
 * Hits on a watchlist of 100,000 plates: from the publish of a passage to the receiver of a signed webhook, at 500
 * passages a second for `CITYWATCH_BENCH_SECONDS` (default 60) and at 5,000 for 10 s, from 30 checkpoints; then at 500
 * with uncertain reads, to the webhook of the confirming desk, and how many of them others were told. Then what a look
 * costs among few plates and among a million, and the bytes that one takes.
 */
const SECONDS = setting('SECONDS', 60);
const CHECKPOINTS = 30;
const PLATES = 100_000;
const AREA = '330200';
const FILE_MS = 300_000;
const LOADS = [
  { perSecond: 500, seconds: SECONDS, hitsPerSecond: 5, confidence: 0.97 },
  { perSecond: 5_000, seconds: 10, hitsPerSecond: 20, confidence: 0.97 },
  // Below what is told to everybody: these are for the confirming desk.
  { perSecond: 500, seconds: SECONDS, hitsPerSecond: 5, confidence: 0.5 },
];

await run(async () => {
  await looks();
  const gateway = await Gateway.start(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receivers = {
    everybody: await WebhookReceiver.subscribe(owner, gateway),
    desk: await WebhookReceiver.subscribe(owner, gateway, { confirms: true }),
  };
  await watch(gateway);
  const devices: { id: string; secret: string }[] = [];
  for (let number = 0; number < CHECKPOINTS; number += 1) {
    const id = `kakou-${number}`;
    devices.push({ id, secret: await gateway.register({ id, kind: 'checkpoint' }) });
  }
  const { tell, end } = generator();
  owner.teardown(end);
  await tell({ do: 'connect', port: gateway.mqttPort, devices });
  let from = 0;
  for (const load of LOADS) {
    const isSure = load.confidence > 0.9;
    const told = isSure ? receivers.everybody : receivers.desk;
    for (const { taken } of Object.values(receivers)) taken.length = 0;
    const before = cpuOf(gateway);
    const { sent, hits, seconds } = await tell({ do: 'pass', ...load, from });
    from += hits;
    const opened = () => told.taken.filter(({ type }) => type === 'alert.opened');
    await until('every hit is told', () => opened().length >= hits, 120_000);
    const cpu = Object.entries(cpuOf(gateway)).reduce((sum, [name, used]) => sum + used - (before[name] ?? 0), 0);
    const stamps = opened().map(({ alert, atMs }) => {
      const { deviceAt } = alert.stamps as unknown as { deviceAt: string };
      return atMs - Date.parse(deviceAt);
    });
    const what = isSure ? 'passage of a wanted plate to webhook' : 'uncertain read to the confirming desk';
    give(
      what,
      { perSecond: load.perSecond },
      {
        passages: [sent / seconds, '/s'],
        hits: [hits, 'count'],
        'a passage': [(cpu * 1000) / sent, 'CPU ms'],
        'told to others': [isSure ? null : receivers.everybody.taken.length, 'count'],
        ...delays(stamps, ...(isSure ? [atMost(250, 'issue 13')] : [])),
      },
    );
  }
  for (const { refused } of Object.values(receivers)) {
    if (refused.length > 0) throw new Error(`${refused.length} deliveries were refused`);
  }
  await gateway.stop('SIGTERM');
});

/** An order for 100,000 plates, approved by somebody else than who asked for it. */
async function watch(gateway: Gateway): Promise<void> {
  const { body: asks } = await gateway.api('POST', '/tokens', {
    body: { name: 'asks', role: 'operator', jurisdiction: AREA },
  });
  const { token } = asks;
  const { id } = (await gateway.api('POST', '/watchlists', { body: orderBody(AREA), token })).body;
  const lines = Array.from({ length: PLATES }, (_, number) => `${wantedPlate(number)},bench\n`);
  const headers = { 'content-type': 'text/csv', authorization: `Bearer ${token}` };
  const file = Buffer.from(`plate,reason\n${lines.join('')}`);
  const startMs = performance.now();
  // On a busy machine it takes longer than an answer may take otherwise.
  const signal = AbortSignal.timeout(FILE_MS);
  const url = `${gateway.httpUrl}/api/v1/watchlists/${id}/entries`;
  const answer = await fetch(url, { method: 'POST', body: file, headers, signal });
  const body = (await answer.json()) as { added: number };
  give('file of plates', {}, { added: [body.added, 'count'], took: [(performance.now() - startMs) / 1000, 's'] });
  await gateway.api('POST', `/watchlists/${id}/request`, { token });
  const { status, text } = await gateway.api('POST', `/watchlists/${id}/approve`, {
    token: await secondPerson(gateway, AREA),
  });
  if (status !== 200) throw new Error(`the approval was answered ${status}: ${text}`);
}

function generator() {
  const child = fork(join(import.meta.dirname, 'support/passage-load.ts'), { execArgv: process.execArgv });
  const tell = async (order: PassageOrder): Promise<PassageResult> => {
    child.send(order);
    const [{ result, error }] = (await once(child, 'message')) as [{ result?: PassageResult; error?: string }];
    if (!result) throw new Error(error);
    return result;
  };
  return { tell, end: () => void child.kill() };
}

async function looks(): Promise<void> {
  const hashOf = (number: number): string => createHash('sha256').update(String(number)).digest('hex');
  for (const plates of [100, 100_000, 1_000_000]) {
    const blocks: PlateBlock[] = [];
    for (let from = 0; from < plates; from += 20_000) {
      const entries = Array.from({ length: Math.min(20_000, plates - from) }, (_, n) => {
        return { id: randomUUID(), hash: hashOf(from + n), colour: null, reason: 'bench', validUntilMs: null };
      });
      blocks.push(new PlateBlock(randomUUID(), entries));
    }
    const startMs = performance.now();
    const index = await PlateIndex.over(blocks, async () => {});
    const builtMs = performance.now() - startMs;
    const absent = Array.from({ length: 50_000 }, (_, n) => hashOf(plates + n));
    const lookMs = performance.now();
    for (const hash of absent) index.find(hash);
    const nsALook = ((performance.now() - lookMs) * 1e6) / absent.length;
    give(
      'look among plates',
      { plates },
      {
        look: [nsALook, 'ns'],
        plate: [index.bytes / plates, 'bytes'],
        built: [builtMs, 'ms'],
      },
    );
  }
}
