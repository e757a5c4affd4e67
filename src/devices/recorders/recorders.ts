import { CitywatchError, invalid } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { type EditDeps, OneTransaction } from '../import-export/one-transaction.ts';
import type { OnvifProfile } from '../onvif/profiles.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import { devicePatch } from '../registry/input.ts';
import { findDevice } from '../registry/queries.ts';
import { channelInput, channelsOf, idsWithin, type KnownChannel, lockRecorder } from './channels.ts';
import { type Eye, readEyes } from './eyes.ts';

export interface RecordersDeps {
  registry: EditDeps;
  onvif: OnvifPorts;
  /** Null where no ONVIF address is registered. */
  access(id: DeviceId): Promise<OnvifAccess | null>;
}

/** A video source of a recorder, and the device that it is here. */
export interface Channel {
  source: string;
  /** Counted from 1 in the order of the recorder; null where it does not tell the source any more. */
  number: number | null;
  /** `free`: not registered. `gone`: registered, and not told by the recorder. `retired`: its id is spent. */
  state: 'free' | 'registered' | 'retired' | 'gone';
  /** Null where there is none, or the caller may not see it. */
  device: DeviceId | null;
  main: OnvifProfile | null;
  sub: OnvifProfile | null;
}

/** Which video sources of a recorder become devices, and which devices get another source. */
export interface ChannelChoice {
  /** Null for all of them. */
  sources: readonly string[] | null;
  kind: string;
  /** Tokens that the recorder tells no more, and what it calls the same sources now. */
  renamed?: ReadonlyMap<string, string>;
}

export interface RegisteredChannels {
  /** Ids of new devices. */
  created: DeviceId[];
  /** Ids of those that are reached by the address and login of the recorder from now on. */
  updated: DeviceId[];
  channels: Channel[];
}

/**
 * Recorders: one address and one login for many video sources, each of which is a device of its own below them. Rights
 * are decided before: whoever asks may see the recorder and register devices where it stands.
 */
export class Recorders {
  readonly #deps: RecordersDeps;

  constructor(deps: RecordersDeps) {
    this.#deps = deps;
  }

  /**
   * What the recorder tells of its video sources, and which of them are registered. Errors: `conflict.state` for what
   * is no recorder, `outbound.failed`.
   */
  async channels(caller: Caller, recorder: DeviceIdentity): Promise<Channel[]> {
    const { registry } = this.#deps;
    const access = await this.#access(recorder);
    const eyes = await readEyes(access, this.#deps.onvif);
    return await this.#compare(caller, eyes, await channelsOf(registry.database, registry.vault, recorder.id));
  }

  /**
   * Registers the named video sources, or all of them, as devices below the recorder: all or none. Those that are
   * registered stay, and are reached as the recorder is from now on; those that are `renamed` are known by their new
   * tokens. Errors as of {@link channels}, and those of a registration.
   */
  async register(
    caller: Caller,
    recorder: DeviceIdentity,
    { sources, kind, renamed = new Map() }: ChannelChoice,
  ): Promise<RegisteredChannels> {
    const { registry, onvif } = this.#deps;
    const access = await this.#access(recorder);
    const eyes = await readEyes(access, onvif);
    const unknown = sources?.find((source) => !eyes.some((eye) => eye.source === source));
    if (unknown !== undefined) throw invalid('sources', 'name video sources as GET …/channels tells them');
    const wanted = eyes.filter(({ source }) => sources === null || sources.includes(source));
    const { done, created, updated } = await registry.database.transaction(async (tx) => {
      await lockRecorder(tx, recorder.id);
      const device = await findDevice(tx, ownArea(caller), recorder.id);
      if (!device) throw new CitywatchError('not-found');
      const before = await channelsOf(tx, registry.vault, recorder.id);
      const mine = await mayChange(tx, caller, before);
      checkRenamed(renamed, { eyes, known: before, mine });
      const rename = (one: KnownChannel): KnownChannel => ({ ...one, source: renamed.get(one.source) ?? one.source });
      const edits = new OneTransaction(tx, registry);
      return {
        done: edits,
        created: await create(edits, caller, { device, access, kind, eyes: missing(wanted, before.map(rename)) }),
        updated: await bringInStep(edits, caller, { access, known: mine.map(rename) }),
      };
    });
    done.committed();
    const known = await channelsOf(registry.database, registry.vault, recorder.id);
    return { created, updated, channels: await this.#compare(caller, eyes, known) };
  }

  async #access({ id, kind }: DeviceIdentity): Promise<OnvifAccess> {
    const { registry, access: find } = this.#deps;
    const refuse = (detail: string): never => {
      throw new CitywatchError('conflict.state', { detail });
    };
    if (registry.kinds.latest(kind)?.stream) refuse(`A ${kind} has video itself, and no channels below it.`);
    return (await find(id)) ?? refuse('No ONVIF address is registered for this device.');
  }

  async #compare(caller: Caller, eyes: readonly Eye[], known: readonly KnownChannel[]): Promise<Channel[]> {
    const { database } = this.#deps.registry;
    const visible = await idsWithin(
      database,
      caller,
      known.map(({ id }) => id),
    );
    const shown = (id: DeviceId): DeviceId | null => (visible.has(id) ? id : null);
    const bySource = new Map(known.map((channel) => [channel.source, channel]));
    const told = eyes.map(({ source, number, main, sub }): Channel => {
      const channel = bySource.get(source);
      bySource.delete(source);
      const state = !channel ? 'free' : channel.isRetired ? 'retired' : 'registered';
      return { source, number, state, device: channel ? shown(channel.id) : null, main, sub };
    });
    const gone = [...bySource.values()].filter(({ isRetired }) => !isRetired);
    return [
      ...told,
      ...gone.map(({ source, id }): Channel => {
        return { source, number: null, state: 'gone', device: shown(id), main: null, sub: null };
      }),
    ];
  }
}

/** Those that are no device yet. What was retired stays so: its id is never given out again. */
function missing(eyes: readonly Eye[], known: readonly KnownChannel[]): Eye[] {
  return eyes.filter(({ source }) => !known.some((channel) => channel.source === source));
}

/** A device whose source has another name goes on; no source becomes that of two devices. */
function checkRenamed(
  renamed: ReadonlyMap<string, string>,
  { eyes, known, mine }: { eyes: readonly Eye[]; known: readonly KnownChannel[]; mine: readonly KnownChannel[] },
): void {
  const taken = new Set(known.map(({ source }) => source));
  for (const [from, to] of renamed) {
    const isTold = (token: string): boolean => eyes.some(({ source }) => source === token);
    const isGone = mine.some(({ source }) => source === from) && !isTold(from);
    if (!isGone) throw invalid(`renamed.${from}`, 'name a source that GET …/channels tells as `gone`');
    if (taken.has(to) || !isTold(to)) throw invalid(`renamed.${from}`, 'name for it a source that is `free`, once');
    taken.add(to);
  }
}

async function create(
  { registry }: OneTransaction,
  caller: Caller,
  { device, access, eyes, kind }: { device: Device; access: OnvifAccess; eyes: readonly Eye[]; kind: string },
): Promise<DeviceId[]> {
  if (eyes.length === 0) return [];
  const made = await registry.createMany(
    caller,
    eyes.map((eye) => channelInput(device, access, eye, kind)),
  );
  return made.map((one) => {
    if (one instanceof CitywatchError) throw one;
    return one.device.id;
  });
}

const REACHED_BY = ['xaddr', 'username', 'password', 'fingerprint'] as const;

/** Those that the caller may change. */
async function mayChange(tx: Tables, caller: Caller, known: readonly KnownChannel[]): Promise<KnownChannel[]> {
  const ids = known.map(({ id }) => id);
  const visible = await idsWithin(tx, ownArea(caller), ids);
  return known.filter(({ id, isRetired }) => visible.has(id) && !isRetired);
}

/** The recorder has moved, its login was changed, or it names its sources otherwise: its channels follow. */
async function bringInStep(
  { registry }: OneTransaction,
  caller: Caller,
  { access, known }: { access: OnvifAccess; known: readonly KnownChannel[] },
): Promise<DeviceId[]> {
  const updated: DeviceId[] = [];
  for (const { id, source, version, access: own } of known) {
    const isRenamed = own.source !== source;
    if (!isRenamed && REACHED_BY.every((name) => (own[name] ?? null) === (access[name] ?? null))) continue;
    const patch = devicePatch.parse({ onvif: { ...access, source } });
    await registry.update(caller, id, version, patch);
    updated.push(id);
  }
  return updated;
}
