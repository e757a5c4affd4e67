import t from 'tap';
import { baseOf, keepAliveMethods, readSetUp } from '../../../../src/streams/relay/camera-answers.ts';
import { reasonOf } from '../../../support/streams/stream-failure.ts';

function headers(all: Record<string, string>): Map<string, string[]> {
  return new Map(Object.entries(all).map(([name, value]) => [name, [value]]));
}

t.test('the answer to SETUP is read as cameras write it', async (t) => {
  const channelsOf = (transport: string) => readSetUp(headers({ transport, session: '1' })).channels;
  t.same(channelsOf('RTP/AVP/TCP;unicast;interleaved=0-1'), [0, 1]);
  t.same(channelsOf('RTP/AVP/TCP;unicast;interleaved=10-11;ssrc=10117CB7'), [10, 11], 'channels of its own');
  t.same(channelsOf('RTP/AVP;unicast;destination=10.0.0.1;source=10.0.0.2;interleaved=2-3'), [2, 3], 'without TCP');
  t.same(channelsOf('RTP/AVP/TCP;unicast;destination=10.0.0.1;interleaved=4'), [4, 5], 'one channel');
  t.same(channelsOf('RTP/AVP/TCP;ssrc= 22345682;interleaved=0-1;mode="PLAY"'), [0, 1], 'in another order');
  t.same(channelsOf('RTP/AVP/TCP; unicast; interleaved = "0 - 1"'), [0, 1], 'with blanks and quotes');
  t.same(channelsOf('RTP/AVP/TCP;interleaved=0-0'), [0, 1], 'one channel twice');
  t.same(channelsOf('RTP/AVP/TCP;unicast'), [0, 1], 'none: those we asked for');
  t.same(readSetUp(headers({ session: '1' })).channels, [0, 1], 'nothing at all');
  for (const transport of ['RTP/AVP;unicast;server_port=5000-5001', 'RTP/AVP/UDP;unicast', 'RTP/AVP;multicast']) {
    t.equal(
      reasonOf(() => channelsOf(transport)),
      'refused',
      transport,
    );
  }
  t.equal(
    reasonOf(() => channelsOf('RTP/AVP/TCP;interleaved=300-301')),
    'refused',
  );
});

t.test('a session has a name and a time in many spellings, or neither', async (t) => {
  const of = (session: string) => {
    const { sessionId, timeoutS } = readSetUp(headers({ session, transport: 'RTP/AVP/TCP' }));
    return [sessionId, timeoutS];
  };
  t.same(of('0815;timeout=10'), ['0815', 10]);
  t.same(of('0815 ; Timeout = "30"'), ['0815', 30]);
  t.same(of('0815;foo=1;timeout=90'), ['0815', 90]);
  t.same(of('0815'), ['0815', 60], 'RFC 2326 §12.37');
  t.same(of('0815;timeout=0'), ['0815', 60], 'no time at all is none');
  t.same(of('0815;timeout=1'), ['0815', 4]);
  t.same(of('0815;timeout=999999'), ['0815', 120], 'one that says so may forget it');
  t.same(of(''), [null, 60]);
});

t.test('a session is kept alive by what the camera names', async (t) => {
  t.same(keepAliveMethods(null), ['OPTIONS']);
  t.same(keepAliveMethods(headers({ public: 'OPTIONS, DESCRIBE, SETUP, PLAY' })), ['OPTIONS']);
  t.same(keepAliveMethods(headers({ public: 'OPTIONS,get_parameter' })), ['GET_PARAMETER', 'OPTIONS']);
  t.same(keepAliveMethods(headers({ public: 'DESCRIBE SET_PARAMETER' })), ['SET_PARAMETER', 'OPTIONS']);
});

t.test('the base of control addresses is repaired, and else the address we asked', async (t) => {
  const of = (base: string) => baseOf(headers({ 'content-base': base }), 'rtsp://h/p');
  t.equal(of('rtsp://10.0.0.1/live/'), 'rtsp://10.0.0.1/live/');
  t.equal(of('rtsp://rtsp://10.0.0.1:554/live/'), 'rtsp://10.0.0.1:554/live/');
  t.equal(of('10.0.0.1:1935/'), 'rtsp://10.0.0.1:1935/');
  t.equal(of(' '), 'rtsp://h/p');
  t.equal(of('/live'), 'rtsp://h/p');
  t.equal(baseOf(headers({ 'content-location': 'rtsp://h/q/' }), 'rtsp://h/p'), 'rtsp://h/q/');
});
