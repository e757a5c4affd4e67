import t from 'tap';
import {
  basicAuthorization,
  chooseChallenge,
  type DigestRequest,
  digestAuthorization,
  parseChallenges,
} from '../../../../src/platform/outbound/http-auth.ts';

const RFC7616 =
  'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
  'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

function answer(header: string, over: Partial<DigestRequest> = {}): string | null {
  return digestAuthorization({
    challenge: parseChallenges(header)[0]!,
    method: 'GET',
    uri: '/dir/index.html',
    username: 'Mufasa',
    password: 'Circle of Life',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    count: 1,
    ...over,
  });
}

const responseOf = (value: string | null) => /response="([0-9a-f]+)"/.exec(value ?? '')?.[1];

t.test('the examples of RFC 7616 section 3.9.1 come out', async (t) => {
  t.equal(responseOf(answer(`Digest ${RFC7616}, algorithm=MD5`)), '8ca523f5e9506fed4657c9700eebdbec');
  t.equal(
    responseOf(answer(`Digest algorithm=SHA-256, ${RFC7616}`)),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

t.test('the examples of RFC 2617 come out, with and without qop', async (t) => {
  const old =
    'realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  const over = { password: 'Circle Of Life', cnonce: '0a4f113b' };
  t.equal(responseOf(answer(`Digest qop="auth,auth-int", ${old}`, over)), '6629fae49393a05397450978507c4ef1');
  t.equal(responseOf(answer(`Digest ${old}`, over)), '670fd8c2df070c60b045671b8b24ff02');
  t.notMatch(answer(`Digest ${old}`, over), /qop|nc=|cnonce/, 'RFC 2069 has no counter');
});

t.test('session algorithms hash the nonces into the password, and send the cnonce', async (t) => {
  const value = answer(`Digest ${RFC7616}, algorithm=SHA-256-sess`);
  t.match(value, /algorithm=SHA-256-sess/);
  t.not(responseOf(value), responseOf(answer(`Digest ${RFC7616}, algorithm=SHA-256`)));
  t.match(answer('Digest realm="r", nonce="n", algorithm=MD5-sess'), /cnonce="/);
});

t.test(
  'the 256-bit short form of SHA-512 and a hashed user name work (RFC 7616 section 3.9.2, erratum 4897)',
  async (t) => {
    const value = digestAuthorization({
      challenge: parseChallenges(
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, ' +
          'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
          'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true',
      )[0]!,
      method: 'GET',
      uri: '/doe.json',
      username: 'Jäsøn Doe',
      password: 'Secret, or not?',
      cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
      count: 1,
    });
    t.match(value, /username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"/);
    t.equal(responseOf(value), '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5');
  },
);

t.test('values may hold "=", ":", "," and quotes, and the realm may stand anywhere', async (t) => {
  const [challenge] = parseChallenges(String.raw`Digest nonce="a=b:c,d==", stale=FALSE,qop=auth ,realm="say \"hi\""`);
  t.equal(challenge!.scheme, 'digest');
  t.strictSame(Object.fromEntries(challenge!.params), {
    nonce: 'a=b:c,d==',
    stale: 'FALSE',
    qop: 'auth',
    realm: 'say "hi"',
  });
  t.match(answer(String.raw`Digest nonce="n", realm="say \"hi\""`), String.raw`realm="say \"hi\""`);
});

t.test('several challenges in one header and in several headers are told apart', async (t) => {
  const found = parseChallenges([
    'Basic realm="a", Digest realm="b", nonce="n", algorithm=SHA-256',
    'Negotiate dG9rZW4=',
  ]);
  t.strictSame(
    found.map(({ scheme, params }) => [scheme, params.get('realm')]),
    [
      ['basic', 'a'],
      ['digest', 'b'],
      ['negotiate', undefined],
    ],
  );
  t.strictSame(parseChallenges(['', '"', 'Digest realm="open', '=,=']).length <= 2, true, 'junk does not throw');
});

t.test('the strongest digest wins; Basic only where it is allowed; unknown algorithms are not answered', async (t) => {
  const offered = parseChallenges([
    'Basic realm="x"',
    'Digest realm="x", nonce="1", algorithm=MD5',
    'Digest realm="x", nonce="2", algorithm=SHA-256',
    'Digest realm="x", nonce="3", algorithm=SHA-9',
  ]);
  t.equal(chooseChallenge(offered, true)?.params.get('nonce'), '2');
  t.equal(chooseChallenge(offered.slice(0, 1), false), null);
  t.equal(chooseChallenge(offered.slice(0, 1), true)?.scheme, 'basic');
  t.equal(chooseChallenge(offered.slice(3), true), null);
  t.equal(answer('Digest realm="x", nonce="3", algorithm=SHA-9'), null);
  t.equal(answer('Digest realm="x", nonce="3", qop="auth-int"'), null, 'auth-int needs the body');
  t.match(answer('Digest realm="x", nonce="3", qop="auth-int"', { body: Buffer.from('b') }), /qop=auth-int/);
});

t.test('names and passwords with ":" and beyond ASCII keep a header valid', async (t) => {
  const value = answer('Digest realm="r", nonce="n"', { username: '管理"员', password: 'a:b=c' })!;
  t.notMatch(value, /[^ -ÿ]/, 'one character per byte');
  t.equal(basicAuthorization({ username: 'a', password: 'b:c' }), `Basic ${Buffer.from('a:b:c').toString('base64')}`);
});
