import t from 'tap';
import { PAYLOAD_LIMITS } from '../../../../src/ingest/decode/codecs/codec.ts';
import { KEPT_BYTES_MAX } from '../../../../src/ingest/decode/refusals.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { KIOSK, storedMessage } from '../../../support/ingest/kiosk-kind.ts';
import { countProcessorTime } from '../../../support/time/processor-time.ts';

/** Decoding is all one turn of the event loop; what grows with the square of the payload takes minutes. */
const TURN_MS = 500;

/** What stands first, what is repeated until the payload is full, and what stands last. */
type Shape = [head: string, piece: string, tail: string];

function filled([head, piece, tail]: Shape, bytes: number): string {
  return `${head}${piece.repeat(Math.floor((bytes - head.length - tail.length) / piece.length))}${tail}`;
}

const PADDING = ' '.repeat(220);

/** Each is made for one of the looks a decoder takes at a payload. */
const LONG: Record<string, Shape> = {
  'digits of a zero': ['{"id":"e-1","values":{"fill_pct":0.', '0', '}}'],
  'digits of many zeros': ['{"values":{"fill_pct":0,"weight_kg":1e-1},"more":[', '0.00,', '1e-1]}'],
  'exponent of a zero': ['{"values":{"fill_pct":0e-', '1', '}}'],
  'records with zeros beside small numbers': ['[', `{"values":{"fill_pct":0,"weight_kg":1e-1}${PADDING}},`, '{}]'],
  'records that are refused': ['[', `{"values":{"fill_pct":"6222020000000000000"}${PADDING}},`, '{}]'],
  'a key of digits': ['{"', '1234567890123456 ', '":1}'],
  'a key of capitals': ['{"', 'heartRateMac', '":1}'],
  'many keys': ['{"values":{', '"mac_of_client":1,', '"end":1}}'],
  'a text of pairs': ['{"id":"', 'aa:bb:cc:dd:ee-', '"}'],
  'a text of fours': ['{"id":"', '1234 5678 ', '"}'],
  'a text of escapes': ['{"id":"', '\\"', '"}'],
  'a text that never ends': ['{"id":"', '\\\\"', ''],
  'blanks between': ['{"id"', ' ', ':1}'],
  'blanks to the end': ['{"id"', ' ', ''],
  'quotes alone': ['', '"', ''],
  'numbers alone': ['[', '4111111111111111,', '4111111111111111]'],
  'signs alone': ['[', '-1e-1,', '0]'],
  'flat lists': ['[', '[],', '[]]'],
};

t.test('a payload however large is decoded within one short turn', async (t) => {
  for (const channel of ['telemetry', 'event', 'state', 'reply'] as const) {
    for (const [name, shape] of Object.entries(LONG)) {
      // Only what is kept with a dead letter is looked through for what must not be kept.
      for (const bytes of [KEPT_BYTES_MAX, PAYLOAD_LIMITS.bytes]) {
        const message = storedMessage(filled(shape, bytes), { channel });
        const spentMs = countProcessorTime();
        decodeMessage(message, KIOSK);
        const tookMs = spentMs();
        t.ok(tookMs < TURN_MS, `${channel}: ${name}, ${bytes} bytes, took ${tookMs} ms`);
      }
    }
  }
});

t.test('a number that became 0 is still found behind its sign', async (t) => {
  for (const number of ['1e-400', '-1e-400', '0.5E-400', '-12.25e-999']) {
    const { refusals } = decodeMessage(storedMessage(`{"values":{"fill_pct":${number}}}`), KIOSK);
    t.match(refusals, [{ reason: 'not-exact' }], number);
  }
  for (const number of ['0', '-0', '0e-5', '0.000e-99', '1e-3']) {
    const { records } = decodeMessage(storedMessage(`{"values":{"fill_pct":${number}}}`), KIOSK);
    t.equal(records.length, 1, number);
  }
});
