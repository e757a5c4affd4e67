import t from 'tap';
import { parseStreamUrl } from '../../../../src/streams/relay/stream-url.ts';
import { reasonOf } from '../../../support/streams/stream-failure.ts';

t.test('addresses are taken apart as they are written', async (t) => {
  const cases: [string, string, number, string][] = [
    ['rtsp://10.1.2.3/live', '10.1.2.3', 554, 'rtsp://10.1.2.3/live'],
    ['RTSP://Cam-1.Site:8554?a=1&b=%20', 'cam-1.site', 8554, 'rtsp://Cam-1.Site:8554?a=1&b=%20'],
    ['rtsp://[fd00::1]:554/x?y=[1]', 'fd00::1', 554, 'rtsp://[fd00::1]:554/x?y=[1]'],
    ['rtsp://10.1.2.3', '10.1.2.3', 554, 'rtsp://10.1.2.3'],
  ];
  for (const [text, host, port, uri] of cases) t.same(parseStreamUrl(text), { host, port, uri }, text);
});

t.test('what could be read in two ways, or is no RTSP, is refused', async (t) => {
  const cases = [
    '',
    'http://10.1.2.3/x.m3u8',
    'rtsps://10.1.2.3/x',
    'file:///etc/passwd',
    'concat:a|b',
    'rtsp:/10.1.2.3/x',
    'rtsp://user:pw@10.1.2.3/x',
    'rtsp://x\\@127.0.0.1/x',
    'rtsp://10.1.2.3\\x',
    'rtsp://10.1.2.3/a b',
    'rtsp://10.1.2.3/a\r\nX: y',
    'rtsp://10.1.2.3/#x',
    'rtsp://10.1.2.3:0/x',
    'rtsp://10.1.2.3:65536/x',
    'rtsp://10.1.2.3:/x',
    'rtsp://-leading/x',
    'rtsp:///x',
    'rtsp://\u2460.2.3.4/x',
    `rtsp://10.1.2.3/${'x'.repeat(2_100)}`,
    '-i rtsp://10.1.2.3/x',
  ];
  for (const text of cases)
    t.equal(
      reasonOf(() => parseStreamUrl(text)),
      'refused-address',
      text.slice(0, 40),
    );
});
