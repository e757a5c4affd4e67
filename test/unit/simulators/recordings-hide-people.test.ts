import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Pseudonyms } from '../../../simulators/record/pseudonyms.ts';
import { recordTraffic } from '../../../simulators/record/record.ts';
import { readRecording, writeRecording } from '../../../simulators/record/recording.ts';
import { packetsOf } from '../../../simulators/record/replay.ts';

const FROM_MS = Date.UTC(2026, 5, 8, 10);
const at = (ms: number): string => new Date(FROM_MS + ms).toISOString();

t.test('plates and people get other names, the same ones for the same, and another time others', (t) => {
  const one = new Pseudonyms();
  const plate = one.of('plate', '浙B7K2M9', 'plate');
  t.match(plate, /^浙[A-Z][A-Z0-9]{5}$/u);
  t.not(plate, '浙B7K2M9');
  t.equal(one.of('note', `saw 浙B7K2M9 twice`, null), `saw ${plate} twice`, 'also within a text');
  t.not(one.of('plate', '浙B7K2M8', 'plate'), plate);
  t.not(new Pseudonyms().of('plate', '浙B7K2M9', 'plate'), plate);
  t.match(one.of('plate', '浙B·D12345', 'plate'), /^浙[A-Z][A-Z0-9]{6}$/u, 'new-energy');
  t.match(one.of('ownerName', '王小明', null), /^p-[0-9a-f]{12}$/);
  t.equal(one.of('heart_rate', 80, 'health'), null, 'what is said to be sensitive and is no text is left out');
  t.notMatch(one.of('note', 'call 13812345678', null), /13812345678/);
  t.strictSame(one.of('lane', 2, null), 2);
  t.strictSame(one.of('colour', 'blue', null), 'blue');
  t.end();
});

t.test('a plate beside them gives away neither people nor numbers, however it is written', (t) => {
  const one = new Pseudonyms();
  t.match(one.of('driver', '王小明 浙B7K2M9', null), /^p-[0-9a-f]{12}$/);
  t.notMatch(one.of('note', '浙B7K2M9 13812345678', null), /7K2M9|13812345678/);
  t.notMatch(one.of('plate', '浙B7K2M9 王小明', 'plate'), /7K2M9|王小明/);
  t.match(one.of('owner', '浙B7K2M9', null), /^浙[A-Z]/u, 'a plate alone stays one');
  for (const plate of ['浙B1234警', '粤Z1234港', '浙B 7K2M9', '浙B-7K2M9', '浙b7k2m9']) {
    t.notMatch(one.of('note', `saw ${plate} twice`, null), new RegExp(plate.slice(-5), 'u'), plate);
  }
  t.equal(one.of('plate', '浙B 7k2m9', 'plate'), one.of('plate', '浙B7K2M9', 'plate'), 'one plate, one name');
  t.not(one.of('phone', 13_812_345_678, null), 13_812_345_678);
  t.not(one.of('cardNo', 4_021_345, null), 4_021_345);
  t.equal(one.of('people', 120, null), 120, 'what is counted stays');
  t.equal(one.of('note', '更新Firmware', null), '更新Firmware', 'letters alone are no plate');
  t.equal(one.of('bytes', 13_812_345_678, null), 13_812_345_678);
  t.end();
});

const KINDS = {
  items: [
    {
      kind: 'checkpoint',
      fields: { lanes_up: {}, note: {} },
      events: { passage: { fields: { plate: { sensitive: 'plate' }, lane: {}, images: {} } } },
    },
  ],
};
const DEVICES = [
  { id: 'gate-1', kind: 'checkpoint', jurisdiction: '330203', location: { lat: 29.86831, lon: 121.54409 } },
  { id: 'gate-2', kind: 'checkpoint', jurisdiction: '330205', location: null },
];

function answer(path: string): unknown {
  if (path === '/kinds') return KINDS;
  if (path.startsWith('/devices?')) {
    return path.includes('cursor') ? { items: DEVICES.slice(1) } : { items: DEVICES.slice(0, 1), next: 'c' };
  }
  const isHistory = path.includes('/history');
  if (path.startsWith('/devices/gate-2')) return isHistory ? { points: [], truncated: false } : { items: [] };
  if (isHistory) {
    return { points: [{ at: at(2_000), values: { lanes_up: 2, note: null } }], truncated: false };
  }
  const data = { plate: '浙B7K2M9', lane: 1, images: ['i-1'], unknown: 1 };
  return {
    items: [
      { type: 'passage', at: at(1_000), data },
      { type: 'passage', at: at(1_000), data: { ...data, lane: 2 } },
    ],
  };
}

t.test(
  'what a gateway keeps becomes a recording without ids, pictures and plates, which can be read again',
  async (t) => {
    const recording = await recordTraffic({
      gateway: { call: async (_method, path) => ({ body: answer(path), etag: null }) },
      origin: 'http://test',
      fromMs: FROM_MS,
      toMs: FROM_MS + 60_000,
      say: () => {},
      signal: new AbortController().signal,
    });
    const path = join(t.testdir(), 'recording');
    await writeRecording(path, recording);
    t.notMatch(readFileSync(path, 'utf8'), /gate-1|浙B7K2M9|images|i-1|29\.868/);
    const { devices, said } = await readRecording(path);
    t.strictSame(devices, [{ device: 0, kind: 'checkpoint', district: '330203', lat: 29.87, lon: 121.54 }]);
    t.match(said, [
      { atMs: 1_000, type: 'passage', data: { lane: 1 } },
      { atMs: 1_000, type: 'passage', data: { lane: 2 } },
      { atMs: 2_000, values: { lanes_up: 2 } },
    ]);
    await t.rejects(writeRecording(path, recording), { message: /is there already/ });

    const packets = packetsOf(said, { run: 'r1', speed: 2, beganAtMs: FROM_MS });
    t.strictSame(
      packets.map(({ dueMs, tsMs }) => [dueMs - FROM_MS, (tsMs[0] ?? 0) - FROM_MS]),
      [
        [500, 500],
        [500, 501],
        [1_000, 1_000],
      ],
      'twice as fast, and no two records of one time',
    );
    const bodies = packets.map(({ payload }) => JSON.parse(payload));
    t.match(bodies, [{ id: /^r1-e/, type: 'passage' }, { id: /^r1-e/ }, { id: /^r1-t/, values: { lanes_up: 2 } }]);
  },
);

t.test('a file that is no recording is refused with its line', async (t) => {
  const head = '{"recording":1,"fromMs":0,"toMs":1,"gateway":"x"}';
  const path = join(t.testdir(), 'r');
  for (const [text, sentence] of [
    ['', /is no recording/],
    ['{}\n', /line 1/],
    [`${head}\nnonsense\n`, /line 2/],
    [`${head}\n{"of":3,"atMs":1,"values":{}}\n`, /device 3 says something and is not described/],
  ] as const) {
    writeFileSync(path, text);
    await t.rejects(readRecording(path), { message: sentence });
  }
  await t.rejects(readRecording('nowhere'), { message: /cannot be read/ });
});
