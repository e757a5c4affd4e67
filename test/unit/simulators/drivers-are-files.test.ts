import { readdirSync } from 'node:fs';
import t from 'tap';
import type { Packet } from '../../../simulators/devices/packets.ts';
import { parseDriver, readDriver } from '../../../simulators/drivers/driver.ts';

const DRIVER = `
driver: other
mqtt: { clientId: "c-<device>", username: "<device>", topic: "in/<kind>/<device>/<channel>" }
payload: { at: "<ts>", who: { device: "<device>" }, what: ["<type>", "about <kind>"], values: "<values>" }
store: { query: "SELECT * FROM x WHERE k='<kind>' AND time >= <from>ms AND time < <to>ms GROUP BY d", deviceTag: d }
`;
const SPEAKER = { device: 'sim-1', kind: 'sign' };
const PACKET: Packet = { dueMs: 5, channel: 'event', payload: '', fate: 'kept', tsMs: [7, 8] };

t.test('a record takes the form of the driver, at any depth, with its types', (t) => {
  const driver = parseDriver(DRIVER, 'd');
  const payload = '{"ts":7,"id":"r-e1","type":"lamp","data":{"on":true,"n":2}}';
  const [said] = driver.packetsOf({ ...PACKET, payload, tsMs: [7] }, SPEAKER);
  t.strictSame(JSON.parse(said?.payload ?? ''), {
    at: 7,
    who: { device: 'sim-1' },
    what: ['lamp', 'about sign'],
    values: { on: true, n: 2 },
  });
  t.strictSame(driver.mannerOf(SPEAKER).topicOf('event'), 'in/sign/sim-1/event');
  t.strictSame(driver.mannerOf(SPEAKER).topicOf('state'), null);
  t.match(driver.mannerOf(SPEAKER), { clientId: 'c-sim-1', username: 'sim-1', password: null });
  t.equal(
    driver.storeWords.queryOf('sign', 10, 20),
    "SELECT * FROM x WHERE k='sign' AND time >= 10ms AND time < 21ms GROUP BY d",
  );
  t.end();
});

t.test('several records are an array, or a message each; what nobody can read stays as it is', (t) => {
  const payload = '[{"ts":7,"values":{}},{"ts":8,"values":{}}]';
  const [array, ...none] = parseDriver(DRIVER, 'd').packetsOf({ ...PACKET, payload }, SPEAKER);
  t.equal(JSON.parse(array?.payload ?? '').length, 2);
  t.strictSame([none.length, array?.tsMs], [0, [7, 8]]);
  const each = parseDriver(`${DRIVER}batches: single`, 'd').packetsOf({ ...PACKET, payload }, SPEAKER);
  t.strictSame(
    each.map(({ payload, tsMs }) => [JSON.parse(payload).at, tsMs]),
    [
      [7, [7]],
      [8, [8]],
    ],
  );
  const broken: Packet = { ...PACKET, payload: '{"cut', fate: 'refused' };
  t.strictSame(parseDriver(DRIVER, 'd').packetsOf(broken, SPEAKER), [broken]);
  t.end();
});

t.test('a driver that is wrong is refused in a sentence, and those of config/drivers are right', async (t) => {
  const wrong: [string, RegExp][] = [
    [DRIVER.replace('in/<kind>/<device>/<channel>', 'in/all'), /d: mqtt\.topic: holds <device>/],
    [DRIVER.replace('"<ts>"', '1'), /d: payload: holds no "<ts>"/],
    [DRIVER.replace('<from>', '0'), /d: store\.query: holds <from> and <to>/],
    [`${DRIVER}more: 1`, /d: the file: /],
    ['driver: [', /^d: /],
  ];
  for (const [text, sentence] of wrong) t.throws(() => parseDriver(text, 'd'), { message: sentence });
  await t.rejects(readDriver('nowhere.yaml'), { message: /there is no driver/ });
  for (const name of readdirSync('config/drivers')) {
    t.equal(`${(await readDriver(`config/drivers/${name}`)).name}.yaml`, name);
  }
});
