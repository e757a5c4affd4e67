import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { openStream, storeOnvif, storeStream } from '../../../../src/devices/registry/connections.ts';
import { deviceInput } from '../../../../src/devices/registry/input.ts';
import { newSecret, SecretHasher } from '../../../../src/platform/secrets/hasher.ts';
import { Vault } from '../../../../src/platform/secrets/vault.ts';
import { anyCharacter } from '../../../support/any-text.ts';

const vault = new Vault(randomBytes(32));
const { stream: streams, onvif: onvifs } = deviceInput.shape;

t.test('a sealed secret opens for its owner only, with the same key only, unchanged only', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (secret) => vault.open(vault.seal(secret, 'a'), 'a') === secret),
  );
  const sealed = vault.seal('hunter22', 'onvif/cam-1');
  t.not(sealed, vault.seal('hunter22', 'onvif/cam-1'), 'never the same twice');
  const refused = { code: 'service.failed', message: /CITYWATCH_VAULT_KEY_FILE/ };
  t.throws(() => vault.open(sealed, 'onvif/cam-2'), refused);
  t.throws(() => new Vault(randomBytes(32)).open(sealed, 'onvif/cam-1'), refused);
  for (let at = 0; at < sealed.length; at += 7) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    t.throws(() => vault.open(sealed.slice(0, at) + other + sealed.slice(at + 1), 'onvif/cam-1'), refused);
  }
  for (const junk of ['', 'v1.', 'v1.AAAA', 'hunter22']) t.throws(() => vault.open(junk, 'a'), refused);
  t.throws(() => new Vault(randomBytes(16)), RangeError);
});

t.test('the login of a stream address is taken out and sealed', async (t) => {
  const url = 'rtsp://admin:p%40ss%2Fw:rd@10.1.2.3:554/Streaming/Channels/101?transport=tcp';
  const stored = storeStream(vault, 'cam-1', streams.parse({ url, subUrl: 'rtsp://10.1.2.3/sub' })!);
  t.notMatch(JSON.stringify(stored), /admin|p%40ss|p@ss/);
  t.equal(stored.main.url, 'rtsp://10.1.2.3:554/Streaming/Channels/101?transport=tcp');
  t.strictSame(openStream(vault, 'cam-1', stored.main).login, { username: 'admin', password: 'p@ss/w:rd' });
  t.equal(openStream(vault, 'cam-1', stored.sub!).login, null);
  const login = { username: 'u', password: 'hunter22' };
  const onvif = storeOnvif(vault, 'cam-1', onvifs.parse({ xaddr: 'http://10.1.2.3/onvif', ...login })!);
  t.notMatch(JSON.stringify(onvif), /hunter22/);
});

t.test('a percent sign that is no encoding is taken as it stands', async (t) => {
  const stored = storeStream(vault, 'cam-1', streams.parse({ url: 'rtsp://u:100%25%@h/1' })!);
  t.equal(openStream(vault, 'cam-1', stored.main).login?.password, '100%25%');
});

t.test('secrets are long, and their hashes need the key', async (t) => {
  t.equal(Buffer.from(newSecret(), 'base64url').length, 32);
  const hasher = new SecretHasher(randomBytes(32));
  t.ok(hasher.matches('secret', hasher.hash('secret')));
  t.notOk(hasher.matches('Secret', hasher.hash('secret')));
  t.notOk(new SecretHasher(randomBytes(32)).matches('secret', hasher.hash('secret')));
  t.throws(() => new SecretHasher(Buffer.alloc(16)), RangeError);
});
