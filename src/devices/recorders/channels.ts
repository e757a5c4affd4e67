import { createHash } from 'node:crypto';
import type { Scope } from '../../core/jurisdiction.ts';
import { DEVICE_ID, type Device, type DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { withinJurisdiction } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { type OnvifAccess, openOnvif } from '../registry/connections.ts';
import { type DeviceInput, deviceInput } from '../registry/input.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { Eye } from './eyes.ts';

/** A channel that is registered: a device below its recorder that names one of its video sources. */
export interface KnownChannel {
  id: DeviceId;
  source: string;
  isRetired: boolean;
  version: number;
  /** How it is reached, password in clear. */
  access: OnvifAccess;
}

/** A token that reads well in an id; others are told by their hash. */
const PLAIN_TOKEN = /^[A-Za-z0-9_-]{1,24}$/;
const HASH_CHARACTERS = 12;
const NAME_MAX_CHARACTERS = 120;

/**
 * The id of a channel. It depends on the recorder and on the token of the video source alone, so that the same channel
 * is registered once, whoever asks and however often.
 */
export function channelId(recorder: DeviceId, source: string): DeviceId {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS);
  // A dot apart from the plain ones: no token can spell the hash of another.
  const tail = PLAIN_TOKEN.test(source) ? source : `.${hash(source)}`;
  const id = `${recorder}.${tail}`;
  return DEVICE_ID.test(id) ? id : `channel-${hash(recorder)}.${hash(source)}`;
}

/** What a channel is registered with: where its recorder stands, and with the login of that. */
export function channelInput(
  recorder: Device,
  access: OnvifAccess,
  { source, number }: Eye,
  kind: string,
): DeviceInput {
  const { location, jurisdiction, purpose, accessClass } = recorder;
  return deviceInput.parse({
    id: channelId(recorder.id, source),
    kind,
    name: `${[...recorder.name].slice(0, NAME_MAX_CHARACTERS).join('')} ${number}`,
    jurisdiction,
    // As it is stored: in WGS-84, in whatever datum it was given.
    location: { ...location, datum: 'wgs84' },
    parent: recorder.id,
    purpose,
    accessClass,
    onvif: { ...access, source },
    confirm: true,
  });
}

/** The channels of a recorder. */
export async function channelsOf(tables: Tables, vault: Vault, recorder: DeviceId): Promise<KnownChannel[]> {
  const rows = await tables
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'onvif', 'state', 'version'])
    .where('parent', '=', recorder)
    .where('onvif', 'is not', null)
    .orderBy('id')
    .execute();
  return rows.flatMap(({ id, onvif, state, version }) => {
    if (!onvif?.source) return [];
    const access = openOnvif(vault, id, onvif);
    return [{ id, source: onvif.source, isRetired: state === 'retired', version, access }];
  });
}

/** Ids of the channels of a recorder that are not retired, by the tokens of their video sources. */
export async function sourcesBelow(tables: Tables, recorder: DeviceId): Promise<Map<string, DeviceId>> {
  const rows = await tables
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'onvif'])
    .where('parent', '=', recorder)
    .where('onvif', 'is not', null)
    .where('state', '!=', 'retired')
    .orderBy('id')
    .execute();
  return new Map(rows.flatMap(({ id, onvif }) => (onvif?.source ? [[onvif.source, id] as const] : [])));
}

/** Those of the ids that lie within. */
export async function idsWithin(tables: Tables, scope: Scope, ids: readonly DeviceId[]): Promise<Set<DeviceId>> {
  if (ids.length === 0) return new Set();
  const query = tables.tables<RegistryTables>().selectFrom('position').select('id').where('id', 'in', ids);
  return new Set((await withinJurisdiction(query, 'jurisdiction', scope, 'police').execute()).map(({ id }) => id));
}

/** Locks the recorder, so that two who register its channels do it one after the other. */
export async function lockRecorder(tx: Tables, id: DeviceId): Promise<void> {
  await tx.tables<RegistryTables>().selectFrom('position').select('id').where('id', '=', id).forUpdate().execute();
}
