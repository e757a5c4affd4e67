import { setTimeout as sleep } from 'node:timers/promises';
import { orderBody, secondPerson } from '../../test/support/api/watchlist-requests.ts';
import { Gateway } from '../../test/support/gateway/gateway.ts';
import { told } from '../support/alerts/told.ts';
import { RECEIVER_NETWORKS, type ReceiverOrder, type ReceiverResult } from '../support/alerts/webhook-receiver.ts';
import { atMost, tell } from '../support/figures.ts';
import { cpuOf, delays as delaysOf, owner, run, setting, settle } from '../support/harness.ts';
import { type PassageOrder, type PassageResult, wantedPlate } from '../support/passage-load.ts';

/**
 * 200 alerts a second for `CITYWATCH_BENCH_SECONDS` (default 600): each is another wanted plate that passes one of 30
 * checkpoints, from the publish to the receiver of a signed webhook. Who sends and who is told are processes of their
 * own. Told minute by minute: none may be slower for what was raised before. They all stay open.
 */
const SECONDS = setting('SECONDS', 600);
const PER_SECOND = 200;
const PART_S = 60;
const CHECKPOINTS = 30;
const AREA = '330200';
const SETTLED_MS = 120_000;

await run(async () => {
  const gateway = await Gateway.start(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receiver = told<ReceiverOrder, ReceiverResult>('webhook-receiver.ts');
  await receiver({ do: 'subscribe', httpUrl: gateway.httpUrl });
  await watch(gateway, SECONDS * PER_SECOND);
  const devices: { id: string; secret: string }[] = [];
  for (let number = 0; number < CHECKPOINTS; number += 1) {
    const id = `kakou-${number}`;
    devices.push({ id, secret: await gateway.register({ id, kind: 'checkpoint' }) });
  }
  const checkpoints = told<PassageOrder, PassageResult>('../passage-load.ts');
  await checkpoints({ do: 'connect', port: gateway.mqttPort, devices });
  await settle();
  for (let from = 0; from < SECONDS; from += PART_S) {
    const seconds = Math.min(PART_S, SECONDS - from);
    const before = cpuOf(gateway);
    const order = {
      perSecond: PER_SECOND,
      hitsPerSecond: PER_SECOND,
      seconds,
      from: from * PER_SECOND,
      confidence: 0.97,
    };
    const { hits, seconds: tookS } = await checkpoints({ do: 'pass', ...order });
    const { opened, delays } = await allOf(receiver, hits);
    const cpu = Object.entries(cpuOf(gateway)).reduce((sum, [name, used]) => sum + used - (before[name] ?? 0), 0);
    tell(
      '200 alerts a second, publish to webhook',
      { minute: 1 + Math.floor(from / PART_S) },
      {
        open: [from * PER_SECOND + opened, 'count'],
        alerts: [hits / tookS, '/s'],
        'an alert': [(cpu * 1000) / hits, 'CPU ms'],
        ...(delays && delaysOf(delays, atMost(1_000, 'issue 13'))),
      },
    );
  }
  await gateway.stop('SIGTERM');
});

/** Asked until so many were told; what was told in several answers is one, by its slowest. */
async function allOf(
  receiver: (order: ReceiverOrder) => Promise<ReceiverResult>,
  hits: number,
): Promise<ReceiverResult> {
  const endMs = performance.now() + SETTLED_MS;
  let last = await receiver({ do: 'count' });
  let opened = last.opened;
  let delays = last.delays;
  while (opened < hits) {
    if (performance.now() > endMs) throw new Error(`${opened} of ${hits} were told`);
    await sleep(100);
    last = await receiver({ do: 'count' });
    opened += last.opened;
    if (last.delays && (delays === null || last.delays.p99Ms > delays.p99Ms)) delays = last.delays;
  }
  if (last.refused > 0) throw new Error(`${last.refused} deliveries were refused`);
  return { opened, refused: 0, delays };
}

/** An order for the plates of all of it, approved by somebody else than who asked for it. */
async function watch(gateway: Gateway, plates: number): Promise<void> {
  const asks = { name: 'asks', role: 'operator', jurisdiction: AREA };
  const { token } = (await gateway.api('POST', '/tokens', { body: asks })).body;
  const { id } = (await gateway.api('POST', '/watchlists', { body: orderBody(AREA), token })).body;
  const lines = Array.from({ length: plates }, (_, number) => `${wantedPlate(number)},bench\n`);
  const file = Buffer.from(`plate,reason\n${lines.join('')}`);
  await gateway.api('POST', `/watchlists/${id}/entries`, {
    body: file,
    headers: { 'content-type': 'text/csv' },
    token,
  });
  await gateway.api('POST', `/watchlists/${id}/request`, { token });
  const { status, text } = await gateway.api('POST', `/watchlists/${id}/approve`, {
    token: await secondPerson(gateway, AREA),
  });
  if (status !== 200) throw new Error(`the approval was answered ${status}: ${text}`);
}
