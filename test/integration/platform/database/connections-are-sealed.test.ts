import t from 'tap';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerIn, type OpenRegistry, openRegistry } from '../../../support/devices/registry.ts';

const YINZHOU = callerIn('330212');

const camera = (over: Record<string, unknown>) => ({
  kind: 'camera',
  name: 'Gate',
  jurisdiction: '330212',
  location: { lat: 29.83, lon: 121.55 },
  ...over,
});

let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t);
});

t.test('camera passwords are in no row, no answer and no audit entry, and open for the one who connects', async (t) => {
  const { registry, connections, database } = parts;
  const stream = { url: 'rtsp://admin:hunter22@10.0.0.9/main', subUrl: 'rtsp://admin:hunter22@10.0.0.9/sub' };
  const onvif = { xaddr: 'http://10.0.0.9/onvif/device_service', username: 'admin', password: 'hunter22' };
  const { device } = await registry.create(YINZHOU, camera({ id: 'cam', stream, onvif }));
  t.notMatch(JSON.stringify(device), /hunter22|admin/);
  await registry.update(YINZHOU, 'cam', 1, { stream: { url: 'rtsp://root:hunter23@10.0.0.9/2' } });
  const { rows } = await sql<{ text: string }>`
    select coalesce(string_agg(t, ' '), '') as text from
      (select p::text as t from position p union all select a::text from audit_entry a) as all_rows`.execute(
    database.tables(),
  );
  t.notMatch(rows[0]!.text, /hunter2/);
  t.strictSame(await connections.streamSource('cam', 'sub'), {
    url: 'rtsp://10.0.0.9/2',
    login: { username: 'root', password: 'hunter23' },
  });
  t.strictSame(await connections.onvifAccess('cam'), onvif);
  await registry.update(YINZHOU, 'cam', 2, { stream: null, onvif: null });
  t.equal(await connections.streamSource('cam', 'main'), null);
  t.equal(await connections.onvifAccess('cam'), null);
});

t.test('where a camera is reached can be shown, its login cannot', async (t) => {
  const { registry } = parts;
  const stream = {
    url: 'rtsp://admin:hunter22@10.0.0.8/main?channel=1',
    subUrl: 'rtsp://10.0.0.8/user=admin_password=hun_ter22_channel=1_stream=1.sdp?real&pwd=hunter22&token=hunter22#x',
  };
  const onvif = { xaddr: 'http://10.0.0.8/onvif/device_service', username: 'admin', password: 'hunter22' };
  await registry.create(YINZHOU, camera({ id: 'shown', stream, onvif }));
  t.same(await registry.shownAddresses('shown'), {
    stream: {
      url: 'rtsp://10.0.0.8/main?channel=1',
      subUrl: 'rtsp://10.0.0.8/user=***_password=***_channel=1_stream=1.sdp?real&pwd=***&token=***#x',
      login: '***',
    },
    onvif: { xaddr: 'http://10.0.0.8/onvif/device_service', login: '***' },
  });
  await registry.create(YINZHOU, camera({ id: 'open', stream: { url: 'rtsp://10.0.0.7/1' } }));
  t.same(await registry.shownAddresses('open'), {
    stream: { url: 'rtsp://10.0.0.7/1', subUrl: null, login: null },
    onvif: null,
  });
});

t.test('an address that is none, or leads elsewhere, is refused without repeating it', async (t) => {
  const { registry } = parts;
  for (const url of ['file:///etc/passwd', 'concat:a|b', 'rtsp://', 'rtsp://u:hunter22/x@h/1', 'javascript:1']) {
    const error = (await registry
      .create(YINZHOU, camera({ stream: { url } }))
      .catch((reason: unknown) => reason)) as Error;
    t.match(error, { code: 'request.invalid', message: /stream.url: must be a URL starting with rtsp/ }, url);
    t.notMatch(error.message, /hunter22/);
  }
  const onvif = { xaddr: 'http://u:p@10.0.0.9/', username: 'u', password: 'p' };
  await t.rejects(registry.create(YINZHOU, camera({ onvif })), { message: /onvif.xaddr: must not hold user/ });
});
