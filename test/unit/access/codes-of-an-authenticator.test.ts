import t from 'tap';
import { codeAt, stepAt, stepOfCode, totpUri } from '../../../src/access/codes/totp.ts';

/** Secret and times of RFC 6238, appendix B, for SHA-1; the last six of its eight digits. */
const SECRET = Buffer.from('12345678901234567890');
const VECTORS = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;

t.test('codes are those of RFC 6238', async (t) => {
  for (const [s, code] of VECTORS) t.equal(codeAt(SECRET, stepAt(s * 1000)), code, `${s} s`);
});

t.test('the step before and the one after count, no other, and none twice', async (t) => {
  const atMs = 1_767_571_200_000;
  const now = stepAt(atMs);
  for (const off of [-1, 0, 1]) {
    t.equal(stepOfCode(SECRET, codeAt(SECRET, now + off), { atMs, usedStep: 0 }), now + off);
  }
  for (const off of [-2, 2]) t.equal(stepOfCode(SECRET, codeAt(SECRET, now + off), { atMs, usedStep: 0 }), null);
  t.equal(stepOfCode(SECRET, codeAt(SECRET, now), { atMs, usedStep: now }), null, 'a used one');
  for (const wrong of ['', '1', '12345', '1234567', 'abcdef', '－１２３４５']) {
    t.equal(stepOfCode(SECRET, wrong, { atMs, usedStep: 0 }), null, wrong);
  }
});

t.test('an authenticator reads the secret in base32 (RFC 4648)', async (t) => {
  const uri = new URL(totpUri(SECRET, 'li.wei'));
  t.equal(uri.searchParams.get('secret'), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  t.equal(uri.href.split('?')[0], 'otpauth://totp/citywatch:li.wei');
});
