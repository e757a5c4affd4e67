import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { FragmentParser, type Part } from '../../../../src/streams/fmp4/parser.ts';
import { bearer, CAMERA, startApi, TOKENS } from '../../../support/api/api.ts';
import { openPage } from '../../../support/streams/live/live-page.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

/** As often as it may be asked for over one connection: what the kernel holds for it is full the sooner. */
const CHANNELS = 64;
/** The gateway gives a viewer that is stuck its time in a tenth of it. */
const HASTE = 10;
const HEADER_BYTES = 12;
const FRAGMENT_MS = 1_000;
const LIMIT_MS = 120_000;

t.test('a viewer that never reads is dropped, and whoever reads beside it misses nothing', async (t) => {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t);
  bed.cameras.set(CAMERA, { url: camera.url });
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() * HASTE };
  const api = await startApi(t, { streams: bed.service, clock });
  const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });
  const reader = await openPage(url, TOKENS.operator);
  reader.socket.send(JSON.stringify({ type: 'open', channel: 0, camera: CAMERA, purpose: 'search' }));
  await until('the reader has video', () => reader.videos.length > 1);

  const stuck = await openUnread(t, url);
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    stuck.write(textFrame(JSON.stringify({ type: 'open', channel, camera: CAMERA, purpose: 'search' })));
  }
  const viewers = () => bed.service.list()[0]?.viewers ?? 0;
  await until('it is shown the camera', () => viewers() === CHANNELS + 1, LIMIT_MS);
  await until('it is dropped', () => viewers() === 1, LIMIT_MS);

  const seen = reader.videos.length;
  await until('the reader goes on', () => reader.videos.length > seen + 2);
  t.same(reader.closed, []);
  t.equal(camera.plays, 1);
  const parser = new FragmentParser();
  const parts = reader.videos.flatMap((message): Part[] => parser.push(message.subarray(HEADER_BYTES)));
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  for (const [index, { decodeTimeMs, durationMs }] of fragments.slice(0, -1).entries()) {
    const apartMs = fragments[index + 1]!.decodeTimeMs - (decodeTimeMs + durationMs);
    t.ok(Math.abs(apartMs) < 1 && durationMs <= FRAGMENT_MS, `fragment ${index + 1} follows`);
  }
  stuck.resume();
  await until('its connection is gone', () => stuck.closed);
});

/** The connection of a page that reads nothing of it; a browser always reads. */
async function openUnread(t: Test, url: string): Promise<Socket> {
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  const request = get(`${url}/api/v1/live`, { headers: { ...bearer(TOKENS.operator), ...upgrade } });
  const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket];
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.pause();
  return socket;
}

/** A short text as a client sends it, with a mask of zeros (RFC 6455 §5.2). */
function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | Buffer.byteLength(text), 0, 0, 0, 0]), Buffer.from(text)]);
}
