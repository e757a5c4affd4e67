import { request } from 'node:http';
import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { decode } from '../../support/streams/players.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(240_000);

/** The status of what is asked without any header of ours, from an address of this machine. */
function statusOf(url: string, localAddress: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { localAddress }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.once('error', reject);
    asked.end();
  });
}

t.test('a player without headers sees one camera by a link, while its viewer may', async (t) => {
  const camera = await TestCamera.start(t, { host: '127.64.44.1' });
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    ...lentInflux(t),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_LOG_LEVEL: 'debug',
  });
  for (const id of ['cam-1', 'cam-2']) await gateway.register({ id, kind: 'camera', stream: { url: camera.url } });
  const role = { name: 'platform', role: 'viewer', jurisdiction: '330203', purpose: 'sharing' };
  const { id: tokenId, token } = (await gateway.api('POST', '/tokens', { body: role })).body;
  const make = async (body: object) => (await gateway.api('POST', '/stream-links', { token, body })).body;
  t.match(await make({ camera: 'cam-9' }), { code: 'not-found' });
  const { id, url, purpose } = await make({ camera: 'cam-1' });
  t.equal(purpose, 'sharing', 'that of the token');
  const secret = new URL(url).searchParams.get('link')!;

  t.equal(await statusOf(url, '127.0.0.1'), 200);
  const { items: looks } = await gateway.get('/access-register?device=cam-1');
  const views = looks.filter(({ act }: { act: string }) => act === 'view');
  t.match(views, [{ viewer: { id: tokenId }, purpose: 'sharing' }], 'the look is in the register');
  t.equal(await decode(url, 20), '', 'it plays, by names that carry the link');
  t.equal(await statusOf(url, '127.0.0.2'), 401, 'nobody else can open it');
  t.equal(await statusOf(url.replace('cam-1', 'cam-2'), '127.0.0.1'), 404, 'nor anything else');
  t.equal(await statusOf(url.replace('live.m3u8', 'snapshot.jpg'), '127.0.0.1'), 401);
  t.equal(await statusOf(`${url}&purpose=other&quality=sub`, '127.0.0.1'), 200, 'what is said besides counts nothing');

  const mosaic = await make({ cameras: ['cam-1', 'cam-2'] });
  t.match(mosaic.url, /\/api\/v1\/mosaics\/live\.m3u8\?link=/);
  t.equal(await statusOf(mosaic.url.replace('mosaics', 'streams/cam-1'), '127.0.0.1'), 404);

  t.match((await gateway.api('GET', '/stream-links', { token })).body, { items: [{ id: mosaic.id }, { id }] });
  const { url: revoked, id: other } = await make({ camera: 'cam-1' });
  t.equal(await statusOf(revoked, '127.0.0.1'), 200);
  t.equal((await gateway.api('POST', `/stream-links/${other}/revoke`, { token })).status, 204);
  t.equal(await statusOf(revoked, '127.0.0.1'), 401);

  t.equal((await gateway.api('DELETE', `/tokens/${tokenId}`, { headers: { 'if-match': '"1"' } })).status, 204);
  await until(
    'it is ended with the token of its maker',
    async () => (await statusOf(url, '127.0.0.1')) === 401,
    10_000,
  );
  t.notMatch(gateway.output, secret, 'and stands in no log');
});
