import { createHmac, hkdfSync } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';
import { NATIONWIDE } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql } from '../database/database.ts';
import { recordAudit } from '../records/audit.ts';

/** What keys are for; each is derived apart. */
const PURPOSES = ['cursors', 'device-secrets', 'exports', 'passes', 'plates', 'registers', 'vault'] as const;
type Purpose = (typeof PURPOSES)[number];

/** The file of the secret that keys are derived from. */
const CLUSTER = 'cluster';
const KEY_BYTES = 32;

export interface Keys {
  /** Of cursors for paging, and of what idempotency keys stand for. */
  cursors: Buffer;
  /** Of the hashes of device secrets, tokens and sessions. */
  devices: Buffer;
  /** What exports of recordings are signed by. */
  exports: Buffer;
  /** Of the secrets of viewer tokens. */
  passes: Buffer;
  /** Of plate hashes, the one watchlists are stored by. */
  plates: Buffer;
  /** What checkpoints of the registers, and proofs that rows were pruned, are signed by. */
  registers: Buffer;
  /** What must be readable again is encrypted under keys made of this one. */
  vault: Buffer;
}

/** Where secrets lie: each is 32 random bytes as base64url. */
export interface SecretFiles {
  /** Null where there is none. */
  read(name: string): Promise<string | null>;
  /** The one that is there, or a new one; durable when it resolves. */
  secret(name: string): Promise<string>;
  /** Where the file is or would be, for people. */
  pathOf(name: string): string;
}

/** As {@link KeysInput}, of files that are only read. */
export type KeysToLookAt = Omit<KeysInput, 'files'> & { files: Pick<SecretFiles, 'read' | 'pathOf'> };

export interface KeysInput {
  database: Database;
  files: SecretFiles;
  /** A vault key that the operator keeps elsewhere; null for none. */
  vaultKey: { key: Buffer; setting: string } | null;
}

interface Found {
  name: string;
  /** Null where there is nothing to make it of. */
  key: Buffer | null;
  /** Whether it is made of the cluster's secret, and has no file of its own. */
  isDerived: boolean;
  /** Where it must be put back. */
  place: string;
}

/**
 * The keys of the database's secret. A new database takes the secret that is there, or a new one. A database that has
 * one takes no other: `secret.misfit` names what must be put back, and nothing is made or changed. A key that has a
 * file of its own, from before there was one secret, goes on being that one.
 */
export async function openKeys(input: KeysInput): Promise<Keys> {
  const noted = await notedKeys(input.database);
  refuse(await find(input), noted);
  if (!noted.has(CLUSTER)) await input.files.secret(CLUSTER);
  const found = await find(input);
  await input.database.transaction((tx) => note(tx, found));
  // Another node may have been the first one at the same moment.
  refuse(found, await notedKeys(input.database));
  return keysOf(found);
}

/**
 * Takes the secret that is there, or a new one, for the database's, whatever it had; `caller` answers for it in the
 * audit trail.
 */
export async function adoptKeys(input: KeysInput, caller: Caller): Promise<void> {
  await input.files.secret(CLUSTER);
  const found = await find(input);
  refuse(found, new Map());
  await input.database.transaction(async (tx) => {
    await sql`delete from cluster_key`.execute(tx.tables());
    await note(tx, found);
    await recordAudit(tx, {
      caller,
      action: 'secret.adopt',
      subject: 'database/secret',
      jurisdiction: NATIONWIDE,
      atMs: input.database.clock.nowMs(),
    });
  });
}

/** Why {@link openKeys} would refuse; null where it would not. Makes and changes nothing. */
export async function misfitOfKeys(input: KeysToLookAt): Promise<Misfit | null> {
  const { rows } = await sql<{ known: boolean }>`select to_regclass('cluster_key') is not null as known`.execute(
    input.database.tables(),
  );
  if (!rows[0]?.known) return null;
  return misfit(await find(input), await notedKeys(input.database));
}

type Noted = ReadonlyMap<string, string | null>;

async function notedKeys(database: Pick<Database, 'tables'>): Promise<Noted> {
  const { rows } = await sql<{ name: string; fingerprint: string | null }>`
    select name, fingerprint from cluster_key`.execute(database.tables());
  return new Map(rows.map(({ name, fingerprint }) => [name, fingerprint]));
}

async function note(tables: Pick<Database, 'tables'>, found: readonly Found[]): Promise<void> {
  for (const { name, key } of found) {
    if (key === null) continue;
    await sql`insert into cluster_key (name, fingerprint) values (${name}, ${fingerprintOf(name, key)})
      on conflict (name) do update set fingerprint = excluded.fingerprint, noted_at = clock_timestamp()
      where cluster_key.fingerprint is null`.execute(tables.tables());
  }
}

async function find({ files, vaultKey }: KeysToLookAt): Promise<Found[]> {
  const own = async (name: string): Promise<Buffer | null> => {
    const text = await files.read(name);
    return text === null ? null : Buffer.from(text, 'base64url');
  };
  const cluster = await own(CLUSTER);
  const found: Found[] = [{ name: CLUSTER, key: cluster, isDerived: false, place: files.pathOf(CLUSTER) }];
  for (const name of PURPOSES) {
    if (name === 'vault' && vaultKey) {
      found.push({ name, key: vaultKey.key, isDerived: false, place: `the file of ${vaultKey.setting}` });
      continue;
    }
    const file = await own(name);
    const key = file ?? (cluster && derive(cluster, name));
    const elsewhere = name === 'vault' ? ', or the setting CITYWATCH_VAULT_KEY_FILE,' : '';
    found.push({ name, key, isDerived: file === null, place: `${files.pathOf(name)}${elsewhere}` });
  }
  return found;
}

function derive(secret: Buffer, purpose: Purpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `citywatch key ${purpose}`, KEY_BYTES));
}

/** The secret is 256 random bits, so half of a hash tells which one it is and nothing of it. */
function fingerprintOf(name: string, key: Buffer): string {
  return createHmac('sha256', key).update(`citywatch fingerprint ${name}`).digest('hex').slice(0, 32);
}

function refuse(found: readonly Found[], noted: Noted): void {
  const wrong = misfit(found, noted);
  if (wrong) throw new CitywatchError('secret.misfit', { detail: `${wrong.what}; ${wrong.remedy}.` });
}

interface Misfit {
  what: string;
  remedy: string;
}

function misfit(found: readonly Found[], noted: Noted): Misfit | null {
  // A shorter one could be guessed from its fingerprint, which every copy of the database has.
  const odd = found.find(({ key, isDerived }) => !isDerived && key !== null && key.length !== KEY_BYTES);
  if (odd) {
    const what = `${odd.place} is not a secret of 32 random bytes (43 letters of base64url)`;
    const remedy = 'put the file back from the backup, or, where it is lost for good, remove it and adopt another';
    return { what, remedy };
  }
  const wrong = found.filter(({ name, key, isDerived }) => {
    const fingerprint = noted.get(name);
    if (fingerprint === undefined) return false;
    return fingerprint === null ? isDerived : key === null || fingerprintOf(name, key) !== fingerprint;
  });
  if (wrong.length === 0) return null;
  // What is derived is wrong because of the secret it is made of.
  const root = wrong.filter(({ name }) => name === CLUSTER);
  const files = wrong.filter(({ isDerived, name }) => root.length === 0 || (!isDerived && name !== CLUSTER));
  const places = [...root, ...files].map(({ place, key, isDerived }) =>
    key === null || isDerived ? `${place} is missing` : `${place} is another one`,
  );
  const what = `The database was written with another secret than this gateway has (${places.join(', ')})`;
  const from = 'from the backup (restore it, or take the entry of that name from its .secrets file)';
  const lost = 'where it is lost for good, see "The secret is lost" in operators.md';
  return { what, remedy: `put the file back ${from} or from another node of the city; ${lost}` };
}

function keysOf(found: readonly Found[]): Keys {
  const key = (name: Purpose): Buffer => found.find((one) => one.name === name)!.key!;
  return {
    cursors: key('cursors'),
    devices: key('device-secrets'),
    exports: key('exports'),
    passes: key('passes'),
    plates: key('plates'),
    registers: key('registers'),
    vault: key('vault'),
  };
}
