import { mqttBroker } from './broker/uplink.ts';
import { http } from './http/uplink.ts';
import { mqttListener } from './mqtt/uplink.ts';
import { onvif } from './onvif/camera-events.ts';
import type { Listening, Uplink, UplinkDeps, UplinkType } from './uplink.ts';

/** Every uplink. A new one is its folder here and its line in this list; settings, doctor and health follow it. */
export const UPLINKS = [http, mqttListener, mqttBroker, onvif] as const satisfies readonly UplinkType[];

/**
 * The settings of uplinks by name, as a part of the tree of all settings. Throws a RangeError where two of one name
 * have not the same settings.
 */
export function settingsOf<const Types extends readonly UplinkType[]>(types: Types) {
  for (const { name, settings } of types) {
    const isOther = types.some((other) => other.name === name && other.settings !== settings);
    if (isOther) throw new RangeError(`two uplinks are called "${name}" and have not the same settings`);
  }
  return Object.fromEntries(types.map(({ name, settings }) => [name, settings])) as {
    readonly [Type in Types[number] as Type['name']]: Type['settings'];
  };
}

/** What was set, by the name of an uplink. */
export type UplinkValues = Readonly<Record<string, unknown>>;

/** The part of {@link UplinkValues} that is for `type`. */
export function valuesFor(type: UplinkType, values: UplinkValues): UplinkValues {
  return (values[type.name] ?? {}) as UplinkValues;
}

/** Ports that would be listened on with these settings. */
export function listenersOf(types: readonly UplinkType[], values: UplinkValues, hasTls: boolean): Listening[] {
  return types.flatMap((type) => type.listens(valuesFor(type, values), hasTls));
}

/** A port that is taken already, by the variables that move it and the one that has it. */
export interface PortClash {
  setting: string;
  taken: string;
}

/** Ports that two would listen on; 0 is any free one. */
export function portClashes(types: readonly UplinkType[], values: UplinkValues, hasTls: boolean): PortClash[] {
  const takenBy = new Map<number, string>();
  return listenersOf(types, values, hasTls).flatMap(({ port, setting }) => {
    const taken = port === 0 ? undefined : takenBy.get(port);
    takenBy.set(port, taken ?? setting);
    return taken === undefined ? [] : [{ setting, taken }];
  });
}

/** An uplink that is open, and what its type says of it. */
export interface OpenUplink {
  readonly uplink: Uplink;
  readonly needed: boolean;
}

/** Opens what the settings ask for, in the order of the list. Nothing is started. */
export function openUplinks(types: readonly UplinkType[], values: UplinkValues, deps: UplinkDeps): OpenUplink[] {
  const opened = types.flatMap((type) => {
    const uplink = type.open(valuesFor(type, values), deps);
    return uplink === null ? [] : [{ uplink, needed: type.needed }];
  });
  const names = new Set(opened.map(({ uplink }) => uplink.name));
  if (names.size < opened.length) throw new RangeError('two uplinks of the same name are open');
  return opened;
}

/** The open uplink of a class, for whoever calls it directly. Throws a RangeError where it is not in the list. */
export function uplinkOf<Kind extends Uplink>(
  opened: readonly OpenUplink[],
  kind: abstract new (...args: never[]) => Kind,
) {
  for (const { uplink } of opened) if (uplink instanceof kind) return uplink;
  throw new RangeError(`${kind.name} is not in the list of uplinks`);
}
