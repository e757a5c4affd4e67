import t from 'tap';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startGstCamera } from '../../support/streams/gst-camera.ts';
import { decode, decodeStill, probe } from '../../support/streams/players.ts';

const SIZE = { width: 768, height: 576 };
const PASSWORD = 'gstreamer-password-1';

t.test("GStreamer's RTSP server is a camera like any other", async (t) => {
  const gateway = await Gateway.start(t, { ...(await lentServices(t)), CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16' });
  const login = { username: 'user', password: PASSWORD };
  await Promise.all(
    (['basic', 'digest'] as const).map(async (method, number) => {
      const id = `cam-${method}`;
      const { url } = await startGstCamera(t, { address: `127.64.9.${number + 1}`, method, ...login });
      const withLogin = url.replace('//', `//${login.username}:${login.password}@`);
      await gateway.register({ id, kind: 'camera', stream: { url: withLogin } });

      const live = `${gateway.httpUrl}/api/v1/streams/${id}/live.m3u8?purpose=acceptance`;
      t.same(await probe(live, ADMIN_TOKEN), { codec: 'h264', ...SIZE }, `${method}: live`);
      t.equal(await decode(live, 20, ADMIN_TOKEN), '', `${method}: pictures decode without a complaint`);
      t.same(await decodeStill(await snapshot(gateway, id)), { codec: 'mjpeg', ...SIZE }, `${method}: snapshot`);

      const { status, text } = await gateway.api('GET', `/devices/${id}`);
      t.equal(status, 200);
      t.notMatch(text, PASSWORD, `${method}: the password is not shown`);
      const { streams } = await gateway.get(`/streams/${id}`);
      t.match(streams, [{ quality: 'main', state: 'live', ...SIZE }]);
    }),
  );
  t.notMatch(gateway.output, PASSWORD, 'nor logged');
});

async function snapshot(gateway: Gateway, id: string): Promise<Buffer> {
  const url = `${gateway.httpUrl}/api/v1/streams/${id}/snapshot.jpg?purpose=acceptance`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}
