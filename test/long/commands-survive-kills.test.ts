import { connect } from 'node:net';
import { MqttClient } from 'mqtt';
import t from 'tap';
import { Gateway } from '../support/gateway/gateway.ts';
import { lasts, momentsWithin } from '../support/time/lasting.ts';
import { until } from '../support/time/until.ts';

const KILLS = 12;
const DEVICES = ['k-0', 'k-1', 'k-2', 'k-3'];
const EVERY_MS = 40;

t.setTimeout(600_000);

/** A device that comes back by itself and answers every time; `seen` counts how often each command came. */
function dial(gateway: Gateway, id: string, secret: string): { seen: Map<string, number>; end(): void } {
  const seen = new Map<string, number>();
  const login = { clientId: id, username: id, password: secret, protocolVersion: 4 as const, reconnectPeriod: 100 };
  const client = new MqttClient(() => connect(gateway.mqttPort, '127.0.0.1'), { ...login, connectTimeout: 3_000 });
  client.on('error', () => {});
  client.on('connect', () => client.subscribe(`cw/v1/${id}/command`, { qos: 1 }, () => {}));
  client.on('message', (_topic, payload) => {
    const command = JSON.parse(payload.toString()) as { id: string };
    seen.set(command.id, (seen.get(command.id) ?? 0) + 1);
    client.publish(`cw/v1/${id}/reply`, JSON.stringify({ id: command.id, ok: true, result: { id } }), { qos: 1 });
  });
  return { seen, end: () => void client.end(true) };
}

t.test('whatever moment the gateway is killed at, an accepted command is done and answered once', async (t) => {
  const gateway = await Gateway.start(t);
  const devices = new Map<string, ReturnType<typeof dial>>();
  for (const id of DEVICES) {
    const device = dial(gateway, id, await gateway.register({ id }));
    t.teardown(() => device.end());
    devices.set(id, device);
  }
  const accepted: { id: string; device: string }[] = [];
  let isOver = false;
  const ask = async (device: string): Promise<void> => {
    const deadline = new Date(Date.now() + 3_600_000).toISOString();
    const body = { name: 'set_period', args: { period_s: 60 }, deadline };
    const answer = await gateway.api('POST', `/devices/${device}/commands`, { body }).catch(() => null);
    if (answer?.status === 202) accepted.push({ id: answer.body.id, device });
  };
  const asking = Promise.all(
    DEVICES.map(async (device) => {
      while (!isOver) {
        await ask(device);
        await lasts(EVERY_MS);
      }
    }),
  );
  const someMoment = momentsWithin(1_500);
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Any moment: of a command being written, sent, acknowledged, answered.
    await someMoment();
    await gateway.stop('SIGKILL');
    await gateway.start();
  }
  isOver = true;
  await asking;
  const listed = new Map<string, { state: string; reply: { result: { id: string } } | null }>();
  const isDone = async (): Promise<boolean> => {
    listed.clear();
    for (const device of DEVICES) {
      for (let next = ''; next !== undefined; ) {
        const page = await gateway.get(`/devices/${device}/commands?limit=500${next && `&cursor=${next}`}`);
        for (const command of page.items) listed.set(command.id, command);
        next = page.next;
      }
    }
    return [...listed.values()].every(({ state }) => state === 'answered');
  };
  await until('every command is answered', isDone, 120_000);
  t.ok(accepted.length > KILLS * DEVICES.length, `${accepted.length} were accepted`);
  t.strictSame(
    accepted.filter(({ id, device }) => listed.get(id)?.reply?.result.id !== device),
    [],
    'each by its own device',
  );
  const sent = DEVICES.flatMap((device) => [...devices.get(device)!.seen.keys()]);
  t.strictSame(new Set(sent).size, listed.size, 'and nothing else was sent');
  const counts = DEVICES.flatMap((device) => [...devices.get(device)!.seen.values()]);
  const again = counts.filter((count) => count > 1).length;
  t.comment(`${listed.size} commands, ${accepted.length} answered with 202, ${again} came more than once`);
});
