import { createHash } from 'node:crypto';
import t from 'tap';
import { TokenCheck, type UsernameToken } from '../../../simulators/camera/onvif/wsse.ts';

const ACCOUNT = { username: 'admin', password: '密码-1' };
const NOW_MS = Date.parse('2026-01-05T00:00:00Z');

function token(over: Partial<{ username: string; password: string; atMs: number; nonce: string }> = {}): UsernameToken {
  const { username = 'admin', password = ACCOUNT.password, atMs = NOW_MS, nonce = 'bm9uY2U=' } = over;
  const created = new Date(atMs).toISOString();
  const digest = createHash('sha1')
    .update(Buffer.from(nonce, 'base64'))
    .update(created + password, 'utf8')
    .digest('base64');
  return { username, password: digest, nonce, created };
}

t.test('the digest of nonce, time and password is taken', async (t) => {
  t.equal(new TokenCheck().check(token(), ACCOUNT, NOW_MS), 'right');
});

t.test('another user, another password or a clear-text password is not', async (t) => {
  const check = new TokenCheck();
  t.equal(check.check(token({ username: 'Admin' }), ACCOUNT, NOW_MS), 'wrong');
  t.equal(check.check(token({ password: 'x' }), ACCOUNT, NOW_MS), 'wrong');
  t.equal(check.check({ ...token(), password: ACCOUNT.password }, ACCOUNT, NOW_MS), 'wrong');
});

t.test('a token is good for ten seconds around the clock of the camera', async (t) => {
  const check = new TokenCheck();
  t.equal(check.check(token({ atMs: NOW_MS - 10_000 }), ACCOUNT, NOW_MS), 'right');
  t.equal(check.check(token({ atMs: NOW_MS + 10_000 }), ACCOUNT, NOW_MS), 'right');
  t.equal(check.check(token({ atMs: NOW_MS - 10_001 }), ACCOUNT, NOW_MS), 'stale');
  t.equal(check.check({ ...token(), created: 'yesterday' }, ACCOUNT, NOW_MS), 'wrong');
});

t.test('the same token is not taken again once its second is over', async (t) => {
  const check = new TokenCheck();
  t.equal(check.check(token(), ACCOUNT, NOW_MS), 'right');
  t.equal(check.check(token(), ACCOUNT, NOW_MS + 1_000), 'right');
  t.equal(check.check(token(), ACCOUNT, NOW_MS + 2_000), 'replayed');
  t.equal(check.check(token({ atMs: NOW_MS + 1 }), ACCOUNT, NOW_MS), 'right', 'a repeated nonce of another moment is');
});
