import { connect, type Socket } from 'node:net';

/** Readers of RTSP streams without a login, over TCP, that throw away what comes; a child process. */
interface Reader {
  socket: Socket;
  bytes: number;
}

const readers: Reader[] = [];

/** Resolves when it plays. */
async function read(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const reader = { socket, bytes: 0 };
  let head = '';
  let hear: ((text: string) => void) | null = null;
  socket.on('data', (chunk: Buffer) => {
    reader.bytes += chunk.length;
    if (!hear) return;
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const bodyBytes = Number(/^Content-Length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (head.length < end + 4 + bodyBytes) return;
    const answer = head;
    head = '';
    hear(answer);
  });
  let number = 0;
  const ask = async (method: string, uri: string, ...headers: string[]): Promise<string> => {
    number += 1;
    const answered = new Promise<string>((resolve) => {
      hear = resolve;
    });
    socket.write([`${method} ${uri} RTSP/1.0`, `CSeq: ${number}`, ...headers, '', ''].join('\r\n'));
    const answer = await answered;
    if (!answer.startsWith('RTSP/1.0 200')) throw new Error(`${method} was answered ${answer.split('\r\n')[0]}`);
    return answer;
  };
  await ask('DESCRIBE', url, 'Accept: application/sdp');
  const transport = 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1';
  const session = /^Session: *([^;\s]+)/im.exec(await ask('SETUP', `${url}/trackID=1`, transport))?.[1];
  await ask('PLAY', url, `Session: ${session}`);
  hear = null;
  readers.push(reader);
  // A session without any sign of life is closed after a minute.
  setInterval(() => socket.write(`OPTIONS ${url} RTSP/1.0\r\nCSeq: ${++number}\r\n\r\n`), 20_000);
}

type Order = { do: 'read'; urls: string[] } | { do: 'count' };

async function obey(order: Order): Promise<number[]> {
  if (order.do === 'read') for (const url of order.urls) await read(url);
  return readers.map(({ bytes }) => bytes);
}

process.once('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
