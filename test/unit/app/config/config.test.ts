import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { loadConfig } from '../../../../src/app/config/config.ts';
import { allSettings } from '../../../../src/app/config/settings.ts';
import type { CitywatchError } from '../../../../src/core/errors.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import { portClashes, UPLINKS } from '../../../../src/ingest/uplinks/uplinks.ts';
import { linesUplink } from '../../../fixtures/uplinks/lines/lines.ts';
import { anyCharacter } from '../../../support/any-text.ts';

const TOKEN = 'a-token-of-at-least-thirty-two-characters';

const INFLUX2 = { INFLUX_TOKEN: 'token-of-2x', INFLUX_ORG: 'city', INFLUX_BUCKET: 'raw' };
const BROKER = { MQTT_URL: 'mqtt://broker' };
const TLS = { CITYWATCH_TLS_CERT_FILE: 'a.pem', CITYWATCH_TLS_KEY_FILE: 'a.key' };

type Env = Record<string, string>;

function files(t: Tap, content: Record<string, string> = {}): string {
  return t.testdir({ 'gateway.yaml': '', ...content });
}

type Tap = { testdir(content: Record<string, string>): string };

function load(directory: string, env: Env = {}, secrets = new KnownSecrets()) {
  return loadConfig({ env, file: join(directory, 'gateway.yaml'), secrets });
}

function issuesOf(directory: string, env: Env = {}): string[] {
  try {
    load(directory, env);
    return [];
  } catch (error) {
    return (error as CitywatchError).issues.map(({ path, message }) => `${path} ${message}`);
  }
}

t.test('nothing set gives the defaults of the contract', async (t) => {
  const config = load(files(t));
  t.match(config, { http: { host: '127.0.0.1', port: 8080 }, mqtt: { port: 1883 }, roles: ['all'] });
  t.match(config.dataDir, /^\/.*\/data$/, 'an absolute path');
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.http));
});

t.test('the file overrides defaults and a variable overrides the file', async (t) => {
  const directory = files(t, { 'gateway.yaml': 'http:\n  port: 9000\n  host: 0.0.0.0\n' });
  t.match(load(directory, { CITYWATCH_HTTP_PORT: '0' }).http, { port: 0, host: '0.0.0.0' });
  t.equal(load(directory, { CITYWATCH_HTTP_PORT: '' }).http.port, 9000, 'an empty variable is not set');
  const env = { CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16, 10.1.0.0/16' };
  t.same(load(directory, env).networks.cameras, ['127.64.0.0/16', '10.1.0.0/16']);
});

t.test('each wrong place is named with its line or variable and what would be right', async (t) => {
  const yaml = 'http:\n  prt: 3\n  port: 99999\nmqtt: 3\nunheard: {}\nlog: {level: loud}\n';
  const directory = files(t, { 'gateway.yaml': yaml });
  const issues = issuesOf(directory, { CITYWATCH_HTP_PORT: '3', CITYWATCH_MQTT_PORT: '18o3' });
  const file = /gateway\.yaml/;
  for (const issue of issues.filter((text) => !text.startsWith('CITYWATCH'))) t.match(issue, file);
  t.match(issues.map((text) => text.replace(/^.*gateway\.yaml/, '')).sort(), [
    ':2 http.prt is not a setting; did you mean http.port?',
    ':3 http.port 99999 is not a whole number from 0 to 65535',
    ':4 mqtt must hold keys and values',
    ':5 unheard is not a setting',
    /^:6 log\.level "loud" is not one of trace, debug/,
    'CITYWATCH_HTP_PORT is not a setting; did you mean CITYWATCH_HTTP_PORT?',
    'CITYWATCH_MQTT_PORT "18o3" is not a whole number from 0 to 65535',
  ]);
});

t.test('broken YAML, a doubled key and a file that is not there are refused with their place', async (t) => {
  t.match(issuesOf(files(t, { 'gateway.yaml': 'http:\n  port: [1\n' })), [/gateway\.yaml:3 /]);
  t.match(issuesOf(t.testdir({ 'gateway.yaml': 'http: {}\nhttp: {}\n' })), [/gateway\.yaml:2 .*unique/]);
  t.match(issuesOf(t.testdir({ 'gateway.yaml': '- 1\n' })), [/must hold keys and values/]);
  t.match(issuesOf(join(t.testdir(), 'nowhere')), [/nowhere\/gateway\.yaml cannot be read/]);
});

t.test('a secret or URL comes from a file, and both ways at once are refused', async (t) => {
  const directory = files(t, { token: `${TOKEN}\n`, 'gateway.yaml': 'adminTokenFile: ./no-such-file\n' });
  const env = { CITYWATCH_ADMIN_TOKEN_FILE: join(directory, 'token') };
  t.equal(load(directory, env).adminToken, TOKEN);
  t.match(issuesOf(directory, { ...env, CITYWATCH_ADMIN_TOKEN: TOKEN })[0], /set it or .*_FILE, not both/);
  t.match(issuesOf(directory), [/gateway\.yaml:1 adminTokenFile \.\/no-such-file cannot be read/]);
});

t.test('secrets are hidden from logs and never stand in an error', async (t) => {
  const secrets = new KnownSecrets();
  const env = {
    CITYWATCH_ADMIN_TOKEN: TOKEN,
    DATABASE_URL: 'postgresql://citywatch:p%40ssword-one@db.example/citywatch',
    REDIS_URL: 'unix://:password-two@/run/redis.sock',
  };
  load(files(t), env, secrets);
  const line = `${TOKEN} p%40ssword-one p@ssword-one password-two db.example`;
  t.equal(secrets.redact(line), '[redacted] [redacted] [redacted] [redacted] db.example');
  const issues = issuesOf(files(t), {
    CITYWATCH_ADMIN_TOKEN: 'short-secret',
    DATABASE_URL: 'mysql://u:secret-word@h/d',
  });
  t.equal(issues.length, 2);
  t.notMatch(issues.join(), /short-secret|secret-word/);
});

t.test('two ports that are the same are found for every uplink of the list, where both are listened on', async (t) => {
  const types = [...UPLINKS, linesUplink];
  const hosts = { http: { host: 'h', port: 7070 }, lines: { host: 'h', port: 7070 } };
  const values = (mqtt: object) => ({ ...hosts, mqtt: { url: null, host: 'h', port: 1, tlsPort: 1, ...mqtt } });
  t.same(portClashes(types, values({}), false), [{ setting: 'CITYWATCH_LINES_PORT', taken: 'CITYWATCH_HTTP_PORT' }]);
  const [first] = portClashes(types, values({}), true);
  t.same(first, { setting: 'CITYWATCH_MQTTS_PORT', taken: 'CITYWATCH_MQTT_PORT' }, 'with a certificate');
  t.equal(portClashes(types, values({ url: 'mqtt://broker', port: 7070 }), true).length, 1, 'MQTT does not listen');
  t.same(portClashes(types, values({ port: 0, tlsPort: 0 }), true).length, 1, '0 is any free one');
  t.same(issuesOf(files(t), { ...BROKER, CITYWATCH_HTTP_PORT: '1883' }), []);
});

t.test('what contradicts each other, or belongs to a later version, is refused', async (t) => {
  const directory = files(t);
  const refused: [Env, RegExp][] = [
    [{ CITYWATCH_HTTP_PORT: '1883' }, /mqtt\.port is the port of CITYWATCH_HTTP_PORT too/],
    [{ INFLUX_URL: 'http://u:p@h:8086' }, /INFLUX_URL .* without a user name or password in it/],
    [{ INFLUX_URL: 'http://h:8086', INFLUX_USERNAME: 'x' }, /INFLUX_USERNAME .* belong together/],
    [{ INFLUX_USERNAME: 'x', INFLUX_PASSWORD: 'y' }, /INFLUX_USERNAME needs INFLUX_URL/],
    [{ INFLUX_URL: 'http://h:8086', INFLUX_TOKEN: 'x'.repeat(8) }, /INFLUX_TOKEN .* INFLUX_ORG and INFLUX_BUCKET/],
    [INFLUX2, /INFLUX_TOKEN InfluxDB 2\.x needs INFLUX_URL/],
    [{ ...INFLUX2, INFLUX_URL: 'http://h', INFLUX_USERNAME: 'x', INFLUX_PASSWORD: 'y' }, /USERNAME is for InfluxDB 1/],
    [{ CITYWATCH_TLS_CERT_FILE: 'a.pem' }, /CITYWATCH_TLS_CERT_FILE .* belong together/],
    [{ CITYWATCH_MQTTS_PORT: '0' }, /CITYWATCH_MQTTS_PORT does nothing without CITYWATCH_TLS_CERT_FILE/],
    [{ CITYWATCH_CLIENT_CA_FILE: 'a.pem' }, /CITYWATCH_CLIENT_CA_FILE does nothing without/],
    [{ ...TLS, CITYWATCH_MQTTS_PORT: '8080' }, /CITYWATCH_MQTTS_PORT is the port of CITYWATCH_HTTP_PORT/],
    [{ ...TLS, CITYWATCH_MQTTS_PORT: '1883' }, /CITYWATCH_MQTTS_PORT is the port of CITYWATCH_MQTT_PORT/],
    [{ MQTT_URL: 'ws://broker' }, /MQTT_URL .* is not a URL that starts with mqtt:/],
    [{ MQTT_CA_FILE: 'ca.pem' }, /MQTT_CA_FILE does nothing without MQTT_URL/],
    [
      { ...BROKER, CITYWATCH_MQTT_SHARE_GROUP: 'g' },
      /SHARE_GROUP several gateways at one broker are not served: .* remove/,
    ],
    [{ ...BROKER, CITYWATCH_MQTT_SHARE_MEMBERS: 'a,b' }, /SHARE_MEMBERS several gateways at one broker are not served/],
    [{ CITYWATCH_NODE_ID: 'c' }, /CITYWATCH_NODE_ID is kept for a later version/],
    [{ CITYWATCH_RETENTION_RAW_DAYS: '400' }, /retention\.fiveMinuteDays must be at least the 400 days/],
    [{ CITYWATCH_RETENTION_1H_DAYS: '100' }, /RETENTION_1H_DAYS must be at least the 365 days/],
    [
      { CITYWATCH_RECORDINGS_KEEP_DAYS: '29' },
      /KEEP_DAYS 29 is not a whole number from 30 to 3650, because the law asks/,
    ],
    [
      { CITYWATCH_RECORDINGS_LEAST_DAYS: '60' },
      /recordings\.keepDays must be at least the 60 days of recordings\.leastDays/,
    ],
    [{ CITYWATCH_RETENTION_RAW_DAYS: '0' }, /RAW_DAYS 0 is not a whole number from 1 to 36500/],
    [{ CITYWATCH_ROLES: 'ingest,api' }, /CITYWATCH_ROLES .* is not `all`/],
    [{ CITYWATCH_WEBHOOK_NETWORKS: '10.0.0.0/40' }, /is not a list of networks/],
    [{ CITYWATCH_ADMIN_TOKEN: 'x'.repeat(31) }, /is not a secret of 32 to 4096 characters/],
  ];
  for (const [env, message] of refused) t.match(issuesOf(directory, env), [message], JSON.stringify(env));
  t.equal(load(directory, { ...INFLUX2, INFLUX_URL: 'http://h:8086' }).influx.bucket, 'raw');
});

t.test('whatever a variable holds, the answer is a frozen configuration or a list of places', async (t) => {
  const directory = files(t);
  const variables = allSettings().map(({ setting }) => setting.variable);
  const environment = fc.dictionary(fc.constantFrom(...variables), fc.string({ unit: anyCharacter }), { maxKeys: 6 });
  fc.assert(
    fc.property(environment, (env) => {
      const issues = issuesOf(directory, env);
      return issues.every((issue) => variables.some((name) => issue.startsWith(name)) || /^\w+\.\w+ /.test(issue));
    }),
    { numRuns: 300 },
  );
});

t.test('whatever the file holds, nothing but a list of places comes of it', async (t) => {
  const directory = files(t);
  const key = fc.constantFrom('http', 'port', 'adminToken', 'urlFile', 'networks', 'x', '__proto__', 'constructor');
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('any')),
      tie('map'),
    ),
    map: fc.dictionary(key, tie('any')),
  }));
  fc.assert(
    fc.property(value.map, (content) => {
      writeFileSync(join(directory, 'gateway.yaml'), JSON.stringify(content));
      return Array.isArray(issuesOf(directory));
    }),
    { numRuns: 300 },
  );
});
