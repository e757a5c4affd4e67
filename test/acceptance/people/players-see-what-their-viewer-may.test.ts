import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { decodeRtsp, probeRtsp, watchRtsp } from '../../support/streams/rtsp/players.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(240_000);

t.test('a player sees a camera by RTSP while its viewer may', async (t) => {
  const camera = await TestCamera.start(t, { host: '127.64.43.1' });
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    ...lentInflux(t),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_RTSP_PORT: '0',
    CITYWATCH_LOG_LEVEL: 'debug',
  });
  await gateway.register({ id: 'cam-1', kind: 'camera', stream: { url: camera.url } });
  const role = { name: 'platform', role: 'viewer', jurisdiction: '330203', purpose: 'sharing' };
  const { id: tokenId, token } = (await gateway.api('POST', '/tokens', { body: role })).body;
  const make = async (camera: string) =>
    (await gateway.api('POST', '/stream-passes', { token, body: { camera } })).body;
  t.match(await make('cam-9'), { code: 'not-found' });
  const { id: user, password, url, purpose } = await make('cam-1');
  t.equal(purpose, 'sharing', 'that of the token');
  const address = url.replace('rtsp://', `rtsp://${user}:${password}@`);

  t.match(await probeRtsp(address), { complaint: '', stream: { codec_name: 'h264', width: 768, height: 576 } });
  t.same(await decodeRtsp(address, 20), { complaint: '', pictures: 20 });
  const { items: looks } = await gateway.get('/access-register?device=cam-1');
  const views = looks.filter(({ act }: { act: string }) => act === 'view');
  t.match(views, [{ viewer: { id: tokenId }, purpose: 'sharing' }], 'one row for what one viewer looks at');

  const player = watchRtsp(t, address);
  await until('it plays', () => player.frames > 5);
  t.match((await gateway.api('GET', '/stream-passes', { token })).body, { items: [{ id: user }] });
  t.equal((await gateway.api('DELETE', `/tokens/${tokenId}`, { headers: { 'if-match': '"1"' } })).status, 204);
  await until('it is ended', () => player.ended);
  await t.rejects(probeRtsp(address), /401/);
  t.notMatch(gateway.output, password);
});
