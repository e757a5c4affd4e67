import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { type CameraRig, startCameras } from '../../support/streams/cameras.ts';
import { turns } from '../../support/time/turns.ts';
import { until } from '../../support/time/until.ts';

/** A client that writes its requests by hand. */
class Client {
  readonly #socket: Socket;
  readonly #base: string;
  #bytes: Buffer = Buffer.alloc(0);
  #cseq = 0;
  closed = false;

  private constructor(socket: Socket, base: string) {
    this.#socket = socket;
    this.#base = base;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      this.closed = true;
    });
  }

  static async open(t: { teardown(run: () => unknown): void }, url: string): Promise<Client> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    return new Client(socket, url);
  }

  /** Channels of the interleaved frames since the last look. */
  frames(): number[] {
    const channels: number[] = [];
    while (this.#bytes[0] === 0x24 && this.#bytes.length >= 4 + this.#bytes.readUInt16BE(2)) {
      channels.push(this.#bytes.readUInt8(1));
      this.#bytes = this.#bytes.subarray(4 + this.#bytes.readUInt16BE(2));
    }
    return channels;
  }

  async ask(
    method: string,
    headers: Record<string, string> = {},
    path = '',
  ): Promise<{ status: number; text: string }> {
    this.#cseq += 1;
    const lines = Object.entries({ CSeq: String(this.#cseq), ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.#socket.write(`${method} ${this.#base}${path} RTSP/1.0\r\n${lines.join('')}\r\n`);
    const text = await until(`an answer to ${method}`, () => {
      this.frames();
      const text = this.#bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (!text.startsWith('RTSP/') || end < 0) return null;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (this.#bytes.length < end + 4 + length) return null;
      this.#bytes = this.#bytes.subarray(end + 4 + length);
      return text.slice(0, end + 4 + length);
    });
    return { status: Number(text.slice(9, 12)), text };
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }
}

const TCP = { Transport: 'RTP/AVP/TCP;unicast;interleaved=6-7' };

async function openCamera(
  t: { teardown(run: () => unknown): void },
  cameras: CameraRig,
  { number, timeoutS = 60 }: { number: number; timeoutS?: number },
) {
  const camera = await cameras.start({ address: `127.64.33.${number}`, rtspAuth: 'none', rtspTimeoutS: timeoutS });
  return { camera, client: await Client.open(t, camera.streamUrl('main')) };
}

t.test('a session from OPTIONS to TEARDOWN', async (t) => {
  const { camera, client } = await openCamera(t, await startCameras(t), { number: 1 });
  t.match((await client.ask('OPTIONS')).text, /Public: .*DESCRIBE.*PLAY.*TEARDOWN/);
  const described = await client.ask('DESCRIBE', { Accept: 'application/sdp' });
  t.match(described.text, /m=video 0 RTP\/AVP 96\r\na=rtpmap:96 H264\/90000\r\n/);
  t.match(described.text, /packetization-mode=1;profile-level-id=[0-9A-F]{6};sprop-parameter-sets=[\w+/=]+,[\w+/=]+/);
  t.match(described.text, new RegExp(`Content-Base: ${camera.streamUrl('main')}/`));
  const setUp = await client.ask('SETUP', TCP, '/trackID=1');
  t.match(setUp.text, /Transport: RTP\/AVP\/TCP;unicast;interleaved=6-7/);
  const session = /Session: (\w+);timeout=60/.exec(setUp.text)?.[1] ?? '';
  t.match((await client.ask('PLAY', { Session: session })).text, /RTP-Info: url=rtsp:.*trackID=1/);
  const channels = await until('pictures and a report', () => {
    const seen = client.frames();
    return seen.length > 0 ? seen : null;
  });
  t.ok(channels.every((channel) => channel === 6 || channel === 7));
  t.equal((await client.ask('GET_PARAMETER', { Session: session })).status, 200);
  t.equal((await client.ask('PAUSE', { Session: session })).status, 200);
  t.equal(camera.viewers.playing.main, 0);
  t.equal((await client.ask('PLAY', { Session: session })).status, 200);
  await until('it plays again', () => camera.viewers.playing.main === 1);
  t.equal((await client.ask('TEARDOWN', { Session: session })).status, 200);
  t.equal(camera.viewers.playing.main, 0);
  t.equal((await client.ask('PLAY', { Session: session })).status, 454, 'the session is over');
});

t.test('what it cannot do it says', async (t) => {
  const { client } = await openCamera(t, await startCameras(t), { number: 2 });
  t.equal(
    (await client.ask('SETUP', { Transport: 'RTP/AVP;unicast;client_port=5000-5001' }, '/trackID=1')).status,
    461,
  );
  t.equal((await client.ask('SETUP', TCP, '/trackID=9')).status, 404);
  t.equal((await client.ask('PLAY', { Session: 'invented' })).status, 454);
  t.equal((await client.ask('RECORD')).status, 501);
  t.equal((await client.ask('DESCRIBE', {}, '/../secret')).status, 404);
});

t.test('a client without a sign of life is gone after the timeout, one that sends reports stays', async (t) => {
  const cameras = await startCameras(t);
  const { camera, client } = await openCamera(t, cameras, { number: 3, timeoutS: 2 });
  const lively = await Client.open(t, camera.streamUrl('main'));
  const timer = setInterval(() => lively.write(Buffer.from([0x24, 1, 0, 4, 0x80, 201, 0, 0])), 300);
  t.teardown(() => clearInterval(timer));
  await until('the silent one is gone', () => client.closed);
  t.notOk(lively.closed);
});

t.test('rubbish ends the connection and nothing else', async (t) => {
  const { client, camera } = await openCamera(t, await startCameras(t), { number: 4 });
  client.write('GET / HTTP/1.1\r\n\r\n');
  await until('it is closed', () => client.closed);
  const endless = await Client.open(t, camera.streamUrl('main'));
  endless.write('X'.repeat(20_000));
  await until('it is closed too', () => endless.closed);
  t.equal((await (await Client.open(t, camera.streamUrl('main'))).ask('OPTIONS')).status, 200);
});

t.test('a silent camera takes requests and says nothing', async (t) => {
  const { client, camera } = await openCamera(t, await startCameras(t), { number: 5 });
  camera.misbehave({ rtspSilent: true });
  client.write(`OPTIONS ${camera.streamUrl('main')} RTSP/1.0\r\nCSeq: 77\r\n\r\n`);
  await turns();
  camera.behave();
  t.match((await client.ask('OPTIONS')).text, /^RTSP\/1.0 200 OK\r\nCSeq: 1\r\n/, 'the first was never answered');
});
