import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CitywatchError, type Issue, messageOf } from '../../core/errors.ts';
import type { KnownSecrets } from '../../core/observe.ts';
import { isSetting, type Setting } from '../../core/setup/setting.ts';
import { portClashes, UPLINKS } from '../../ingest/uplinks/uplinks.ts';
import { type FoundValue, readSettingsFile } from './config-file.ts';
import { closest } from './did-you-mean.ts';
import { KEPT_DAYS_SETTINGS } from './recording-settings.ts';
import { allSettings, type Config, SETTINGS } from './settings.ts';

export type { Config } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigSources {
  /** Variables; those of the process when absent. */
  env?: Environment;
  /** The YAML file; else CITYWATCH_CONFIG, else config/gateway.yaml, which may be absent. */
  file?: string;
  /** Variables that count where the environment has none of the same name. */
  defaults?: Environment;
  /** Told every secret that is read, so that no log shows it. */
  secrets: KnownSecrets;
}

const DEFAULT_FILE = join(import.meta.dirname, '../../../config/gateway.yaml');
const CONFIG_VARIABLE = 'CITYWATCH_CONFIG';
const OWN_VARIABLE = /^CITYWATCH_/;
const SECRET_FILE_BYTES_MAX = 64 * 1024;

/** Settings of the contract whose part this version does not have: taken silently, they would be a false promise. */
const NOT_SERVED = [/^cluster\./];

/** What several gateways at one broker, as versions before this one had them, were set by. */
const SHARING = /^CITYWATCH_MQTT_SHARE_/;
const NO_SHARING =
  'several gateways at one broker are not served: the broker would deal the messages of one device to two of them, ' +
  'and each would judge by a part; run one gateway at the broker and remove this';

/**
 * Reads every setting: defaults, then the file, then variables. Throws `config.invalid` naming each wrong place at
 * once (file with line, or variable) and what would be right there. The only code that reads the process environment.
 */
export function loadConfig({ env: given = process.env, defaults = {}, file, secrets }: ConfigSources): Config {
  const env = { ...defaults, ...given };
  const issues: Issue[] = [];
  const path = file ?? env[CONFIG_VARIABLE] ?? DEFAULT_FILE;
  const content = readIfThere(path, path === DEFAULT_FILE, issues);
  const shownPath = relative(process.cwd(), path);
  const inFile = readSettingsFile(content, shownPath.startsWith('..') ? path : shownPath, issues);
  const found = new Map([...inFile, ...fromEnvironment(env, issues)]);
  const values = new Map<string, unknown>();
  for (const { key, setting } of allSettings()) {
    const here = found.get(key);
    const value = here ? check(setting, here, issues) : undefined;
    values.set(key, value === undefined ? setting.default : value);
    if (value !== undefined && value !== setting.default && NOT_SERVED.some((pattern) => pattern.test(key))) {
      issues.push({ path: here?.place ?? key, message: 'is kept for a later version; remove it' });
    }
  }
  issues.push(...contradictions(values, found));
  if (issues.length > 0) throw new CitywatchError('config.invalid', { detail: 'The configuration is wrong.', issues });
  for (const { key, setting } of allSettings()) if (setting.secret) hide(values.get(key), secrets);
  values.set('dataDir', resolve(String(values.get('dataDir'))));
  return assemble(SETTINGS, [], values) as Config;
}

/** Whether npm (or npx) started us, which hands on signals to its shell only, and the shell to nobody. */
export function isStartedByNpm(env: Environment = process.env): boolean {
  return Boolean(env.npm_lifecycle_event);
}

function readIfThere(path: string, mayBeAbsent: boolean, issues: Issue[]): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isAbsent || !mayBeAbsent) issues.push({ path, message: `cannot be read (${messageOf(error)})` });
    return '';
  }
}

function fromEnvironment(env: Environment, issues: Issue[]): Map<string, FoundValue> {
  const found = new Map<string, FoundValue>();
  const known = new Set([CONFIG_VARIABLE]);
  for (const { key, setting } of allSettings()) {
    const { variable } = setting;
    known.add(variable);
    if (setting.fromFile) known.add(`${variable}_FILE`);
    const direct = env[variable] || undefined;
    const fromFile = setting.fromFile ? env[`${variable}_FILE`] || undefined : undefined;
    if (direct && fromFile) issues.push({ path: variable, message: `set it or ${variable}_FILE, not both` });
    else if (fromFile) found.set(key, { place: `${variable}_FILE`, value: fromFile, isFile: true });
    else if (direct) found.set(key, { place: variable, value: fromText(setting, direct), isFile: false });
  }
  for (const name of Object.keys(env).filter((name) => OWN_VARIABLE.test(name) && !known.has(name))) {
    const near = closest(name, [...known]);
    const hint = near ? `; did you mean ${near}?` : '';
    issues.push({ path: name, message: SHARING.test(name) ? NO_SHARING : `is not a setting${hint}` });
  }
  return found;
}

function fromText({ fromText }: Setting<unknown>, text: string): unknown {
  if (fromText === 'number') return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  if (fromText === 'list') return text.split(',').flatMap((part) => part.trim() || []);
  return text;
}

/** The value once it has passed its schema; undefined, and an issue, when it has not. */
function check(setting: Setting<unknown>, { place, value, isFile }: FoundValue, issues: Issue[]): unknown {
  try {
    const text = isFile ? readSecretFile(String(value)) : value;
    const parsed = setting.schema.safeParse(isFile ? fromText(setting, String(text)) : text);
    if (parsed.success) return parsed.data;
    const shown = setting.secret ? 'the value' : shorten(JSON.stringify(text) ?? 'nothing');
    issues.push({ path: place, message: `${shown} is not ${setting.range}` });
  } catch (error) {
    issues.push({ path: place, message: `${String(value)} cannot be read (${messageOf(error)})` });
  }
  return undefined;
}

function readSecretFile(path: string): string {
  const text = readFileSync(path, 'utf8').trim();
  if (text.length > SECRET_FILE_BYTES_MAX) throw new Error('too long for a secret or a URL');
  return text;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What is wrong only together. */
function contradictions(values: Map<string, unknown>, found: Map<string, FoundValue>): Issue[] {
  const issues: Issue[] = [];
  const say = (key: string, message: string) => issues.push({ path: found.get(key)?.place ?? key, message });
  const hasTls = Boolean(values.get('tls.certFile'));
  for (const { setting, taken } of portClashes(UPLINKS, assemble(SETTINGS, [], values) as Config, hasTls)) {
    const key = allSettings().find((each) => each.setting.variable === setting)?.key ?? setting;
    say(key, `is the port of ${taken} too; give them different ones`);
  }
  if (hasTls !== Boolean(values.get('tls.keyFile'))) {
    say('tls.certFile', 'a certificate and its key belong together; set both or none');
  }
  for (const key of ['tls.clientCaFile', 'mqtt.tlsPort'].filter((key) => !hasTls && found.has(key))) {
    say(key, 'does nothing without CITYWATCH_TLS_CERT_FILE and CITYWATCH_TLS_KEY_FILE; set them or remove it');
  }
  brokerContradictions(values, say);
  influxContradictions(values, say);
  retentionContradictions(values, say);
  recordingContradictions(values, say);
  return issues;
}

type Say = (key: string, message: string) => void;

function brokerContradictions(values: Map<string, unknown>, say: Say): void {
  if (values.get('mqtt.caFile') && !values.get('mqtt.url')) {
    say('mqtt.caFile', 'does nothing without MQTT_URL; set it or remove this');
  }
  if (values.get('mqtt.shareGroup')) say('mqtt.shareGroup', NO_SHARING);
}

/** A roll-up is made of what is finer, and is what is left of it. */
function retentionContradictions(values: Map<string, unknown>, say: Say): void {
  const [raw, fiveMinutes, hour] = ['rawDays', 'fiveMinuteDays', 'hourDays'].map((name) => {
    return Number(values.get(`retention.${name}`));
  }) as [number, number, number];
  if (fiveMinutes < raw) say('retention.fiveMinuteDays', `must be at least the ${raw} days of retention.rawDays`);
  if (hour < fiveMinutes) {
    say('retention.hourDays', `must be at least the ${fiveMinutes} days of retention.fiveMinuteDays`);
  }
}

/** What must not be removed yet cannot be past its time. */
function recordingContradictions(values: Map<string, unknown>, say: Say): void {
  for (const { least, most } of Object.values(KEPT_DAYS_SETTINGS)) {
    const days = Number(values.get(`recordings.${least}`));
    if (Number(values.get(`recordings.${most}`)) >= days) continue;
    say(`recordings.${most}`, `must be at least the ${days} days of recordings.${least}; set it to ${days} or more`);
  }
}

function influxContradictions(values: Map<string, unknown>, say: Say): void {
  const hasUrl = Boolean(values.get('influx.url'));
  const hasLogin = Boolean(values.get('influx.username'));
  if (hasLogin !== Boolean(values.get('influx.password'))) {
    say('influx.username', 'a user and its password belong together; set both or none');
  }
  if (hasLogin && !hasUrl) say('influx.username', 'needs INFLUX_URL; the private InfluxDB has its own');
  const keys = ['influx.token', 'influx.org', 'influx.bucket'];
  const given = keys.filter((key) => Boolean(values.get(key)));
  const [first] = given;
  if (first === undefined) return;
  if (given.length < keys.length || !hasUrl) {
    say(first, 'InfluxDB 2.x needs INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET; set all or remove it');
  } else if (hasLogin) {
    say('influx.username', 'is for InfluxDB 1.x, INFLUX_TOKEN for 2.x; remove one of them');
  }
}

/** A secret, and of a URL its password also as the server sees it. */
function hide(value: unknown, secrets: KnownSecrets): void {
  if (typeof value !== 'string') return;
  const password = /^\w+:\/\/[^:/@\s]*:([^@/\s]+)@/.exec(value)?.[1];
  if (!password) {
    if (!/^\w+:\/\//.test(value)) secrets.add(value);
    return;
  }
  secrets.add(password);
  try {
    secrets.add(decodeURIComponent(password));
  } catch {
    // Not percent-encoded: the form above is the password itself.
  }
}

function assemble(tree: object, above: string[], values: Map<string, unknown>): unknown {
  const entries = Object.entries(tree).map(([name, node]: [string, object]) => {
    const place = [...above, name];
    return [name, isSetting(node) ? values.get(place.join('.')) : assemble(node, place, values)];
  });
  return Object.freeze(Object.fromEntries(entries));
}
