import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate } from 'mqtt-packet';

/**
 * A load generator that costs little: every packet is built beforehand, PUBACKs are only counted. Runs as a child
 * process: arguments port, connections, messages, window (messages a connection sends before it waits for their
 * acknowledgements). Prints one JSON line.
 */
const [port, connections, messages, window] = process.argv.slice(2).map(Number) as [number, number, number, number];

const PAYLOAD = JSON.stringify({
  ts: 1_767_571_200_123,
  values: {
    fill_pct: 82.5,
    weight_kg: 17.25,
    temp_c: 21.5,
    smoke: false,
    door_open: false,
    tilt_deg: 0.5,
    mains: true,
    battery_pct: 97,
    rssi_dbm: -71,
    glass_pct: 12.5,
    paper_pct: 44,
    lat_lon: '29.868,121.544',
  },
});

/** Bytes of PUBACK. */
const ACK_BYTES = 4;
const CONNACK_BYTES = 4;

function packetsOf(id: string, count: number): Buffer {
  const topic = `cw/v1/${id}/telemetry`;
  const list = Array.from({ length: count }, (_, i) =>
    generate({ cmd: 'publish', topic, payload: PAYLOAD, qos: 1, messageId: i + 1, dup: false, retain: false }),
  );
  return Buffer.concat(list);
}

async function openDevice(id: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const login = { clientId: id, username: id, password: Buffer.from('s'.repeat(43)) };
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, ...login }),
  );
  for (let got = 0; got < CONNACK_BYTES; ) got += ((await once(socket, 'data'))[0] as Buffer).length;
  return socket;
}

/** Sends `count` messages, `window` at a time; resolves when all are acknowledged. */
function run(socket: Socket, bytes: Buffer, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count;
    let unacked = 0;
    let odd = 0;
    const send = () => {
      unacked = Math.min(window, left);
      left -= unacked;
      socket.write(unacked === window ? bytes : bytes.subarray(0, (bytes.length / window) * unacked));
    };
    socket.on('data', (chunk: Buffer) => {
      odd += chunk.length;
      unacked -= Math.floor(odd / ACK_BYTES);
      odd %= ACK_BYTES;
      if (unacked > 0) return;
      if (left > 0) send();
      else resolve();
    });
    socket.on('close', () => reject(new Error('closed by the server')));
    send();
  });
}

const devices: { socket: Socket; bytes: Buffer }[] = [];
for (let i = 0; i < connections; i += 1) {
  const id = `k${String(i).padStart(5, '0')}`;
  devices.push({ socket: await openDevice(id), bytes: packetsOf(id, window) });
}
process.send?.('ready');
await once(process, 'message');
const startMs = performance.now();
await Promise.all(devices.map(({ socket, bytes }) => run(socket, bytes, messages / connections)));
const seconds = (performance.now() - startMs) / 1000;
process.send?.({ seconds });
for (const { socket } of devices) socket.removeAllListeners('close').destroy();
process.disconnect?.();
