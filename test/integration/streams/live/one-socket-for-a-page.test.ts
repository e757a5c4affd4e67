import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { bearer, CAMERA, startApi, TOKENS } from '../../../support/api/api.ts';
import { openPage } from '../../../support/streams/live/live-page.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

t.test('a page sees cameras over one WebSocket, and each look is registered before', async (t) => {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t);
  bed.cameras.set(CAMERA, { url: camera.url });
  const api = await startApi(t, { streams: bed.service });
  const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });

  const page = await openPage(url, TOKENS.operator);
  const order = (one: object) => page.socket.send(JSON.stringify(one));
  order({ type: 'open', channel: 3, camera: CAMERA, purpose: 'search', case: 'A-7' });
  order({ type: 'open', channel: 4, camera: 'nobody' });
  await until('video comes', () => page.videos.length >= 3);
  t.match(page.news, [
    { type: 'end', channel: 4, code: 'not-found' },
    { type: 'begin', channel: 3, quality: 'main', codec: /^avc1/ },
  ]);
  t.match(bed.views, [{ deviceId: CAMERA, purpose: 'search', case: 'A-7' }]);
  t.ok(page.videos.every((message) => message.readUInt16BE(0) === 3));
  const parser = new FragmentParser();
  const parts = page.videos.flatMap((message) => parser.push(message.subarray(12))).map(({ type }) => type);
  t.strictSame([parts[0], parts[1]], ['init', 'fragment'], 'it is the video');
  t.equal(page.videos[1]![3], 1, 'from a key frame on');
  t.match(bed.service.list(), [{ viewers: 1, uses: ['live'] }]);

  order({ type: 'close', channel: 3 });
  await until('the camera is let go', () => bed.service.list()[0]?.viewers === 0);
  order({ type: 'open', channel: 1, camera: CAMERA, colour: 'red' });
  await until('what is no order closes it', () => page.closed.length > 0);
  t.match(page.closed, [{ code: 1008 }]);

  const nobody = await openPage(url, 'token-of-nobody');
  t.not(nobody.socket.readyState, WebSocket.OPEN, 'a token is asked for');
  const { status, body } = await api.call({ method: 'GET', url: '/api/v1/live', headers: bearer(TOKENS.operator) });
  t.match({ status, body }, { status: 426, body: { code: 'request.upgrade' } });
});
