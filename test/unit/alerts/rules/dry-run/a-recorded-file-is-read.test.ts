import fc from 'fast-check';
import t from 'tap';
import {
  parseRecordedLine,
  RECORDING_LIMITS,
  type RecordedPiece,
  readRecordedFile,
} from '../../../../../src/alerts/rules/dry-run/recorded-file.ts';
import { CitywatchError } from '../../../../../src/core/errors.ts';

const SAID = { receivedAt: 1_000, device: 'k1', channel: 'telemetry', payload: { values: { fill_pct: 95 } } };

function read(text: string | Buffer) {
  const pieces: RecordedPiece[] = [];
  const file = readRecordedFile(Buffer.from(text));
  let step = file.next();
  for (; !step.done; step = file.next()) pieces.push(step.value);
  const all = pieces.flatMap(({ line, texts }) => texts.map((text, at) => [line + at, text] as const));
  return { file: step.value, pieces: pieces.length, lines: all.filter(([, text]) => text !== '') };
}

function refusalOf(text: string | Buffer): CitywatchError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof CitywatchError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

const pathsOf = (text: string | Buffer) => refusalOf(text).issues.map(({ path }) => path);
const linesOf = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

t.test('a message, bytes of one, and a word of the gateway are read', async (t) => {
  t.match(parseRecordedLine(JSON.stringify(SAID), 7), {
    line: 7,
    receivedAtMs: 1_000,
    said: { by: 'device', device: 'k1', channel: 'telemetry', raw: Buffer.from('{"values":{"fill_pct":95}}') },
  });
  const { payload: _, ...bare } = SAID;
  const bytes = { ...bare, receivedAt: '2026-11-21T08:00:00.123+08:00', payloadBase64: 'AAEC' };
  t.match(parseRecordedLine(JSON.stringify(bytes), 1), {
    receivedAtMs: Date.parse('2026-11-21T00:00:00.123Z'),
    said: { raw: Buffer.from([0, 1, 2]) },
  });
  t.strictSame(parseRecordedLine('{"receivedAt":5,"gateway":"start"}', 1), {
    line: 1,
    receivedAtMs: 5,
    said: { by: 'gateway', word: 'start' },
  });
});

t.test('a line that is wrong is named with its field, and what it holds is not repeated', async (t) => {
  const { device: _, ...noDevice } = SAID;
  const wrong: [object, string][] = [
    [{ ...SAID, receivedAt: 'yesterday' }, 'line 2, receivedAt'],
    [{ ...SAID, receivedAt: -1 }, 'line 2, receivedAt'],
    [{ ...SAID, device: '浙B12345' }, 'line 2, device'],
    [noDevice, 'line 2, device'],
    [{ ...SAID, channel: 'reply' }, 'line 2, channel'],
    [{ ...SAID, payloadBase64: 'AAEC' }, 'line 2, payload'],
    [{ ...SAID, payload: undefined, payloadBase64: '*' }, 'line 2, payloadBase64'],
    [{ ...SAID, kind: 'recycling-kiosk' }, 'line 2, kind'],
    [{ ...SAID, payload: 'x'.repeat(RECORDING_LIMITS.payloadBytesMax) }, 'line 2, payload'],
    [{ receivedAt: 2_000, gateway: 'stop' }, 'line 2, gateway'],
    [{ ...SAID, receivedAt: 999 }, 'line 2, receivedAt'],
  ];
  for (const [second, path] of wrong) {
    const refusal = refusalOf(linesOf(SAID, second));
    t.equal(refusal.code, 'request.invalid');
    t.strictSame(
      refusal.issues.map((issue) => issue.path),
      [path],
    );
    t.notMatch(JSON.stringify(refusal.issues), /浙B12345/);
  }
  t.strictSame(pathsOf(`${linesOf(SAID)}[1]\n{"a"\n`), ['line 2', 'line 3']);
  t.strictSame(pathsOf(`${'['.repeat(100_000)}\n`), ['line 1']);
  t.strictSame(pathsOf(Buffer.from([0xff, 0xfe, 0x0a])), ['line 1']);
  t.equal(pathsOf('[]\n'.repeat(50)).length, 20, 'twenty are enough');
});

t.test('a file has limits, and an empty one is none', async (t) => {
  t.equal(refusalOf(`${'x'.repeat(500_000)}\n`).code, 'request.too-large');
  t.equal(refusalOf(Buffer.alloc(RECORDING_LIMITS.bytesMax + 1)).code, 'request.too-large');
  const short = '{"receivedAt":1,"gateway":"clock"}\n';
  t.equal(read(short.repeat(RECORDING_LIMITS.linesMax)).file.lines, RECORDING_LIMITS.linesMax);
  t.equal(refusalOf(short.repeat(RECORDING_LIMITS.linesMax + 1)).code, 'request.too-large');
  for (const empty of ['\n', ' \r\n']) {
    t.equal(refusalOf(empty.repeat(RECORDING_LIMITS.linesMax + 1)).code, 'request.too-large', 'empty lines are lines');
  }
  for (const nothing of ['', '\n\r\n']) t.equal(refusalOf(nothing).code, 'request.invalid');
});

t.test('empty lines between others make no pieces of their own', async (t) => {
  const { pieces, lines, file } = read(`${JSON.stringify(SAID)}\n\n`.repeat(1_000));
  t.equal(file.lines, 1_000);
  t.equal(lines.length, 1_000);
  t.equal(pieces, 1, 'each is packed, and written in one transaction with all others');
});

t.test('every line keeps its number, however the file is laid out', async (t) => {
  const line = fc.record({ receivedAt: fc.nat(), device: fc.constantFrom('k1', 'k2'), payload: fc.json() });
  const layout = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n', '\n \n')), { minLength: 1 });
  fc.assert(
    fc.property(layout, fc.boolean(), (parts, hasMark) => {
      const inOrder = parts.map(([one]) => one).sort((a, b) => a.receivedAt - b.receivedAt);
      const texts = inOrder.map((one) => JSON.stringify({ ...one, channel: 'event' }));
      const file = texts.map((text, at) => text + parts[at]![1]).join('');
      const { file: told, lines } = read(hasMark ? `\ufeff${file}` : file);
      t.strictSame(
        lines.map(([, text]) => text),
        texts,
      );
      const all = file.split('\n').map((text) => text.trim());
      t.ok(lines.every(([number, text]) => all[number - 1] === text));
      t.match(told, { lines: texts.length, fromMs: inOrder[0]!.receivedAt, toMs: inOrder.at(-1)!.receivedAt });
    }),
    { numRuns: 50 },
  );
});

t.test('nothing but a refusal comes of any bytes', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      t.match(refusalOf(Buffer.from(bytes)).code, /^request\./);
    }),
    { numRuns: 200 },
  );
});
