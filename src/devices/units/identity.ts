/** What a camera says of itself over ONVIF; null where it does not tell. All text, as it wrote it. */
export interface UnitIdentity {
  maker: string | null;
  model: string | null;
  serial: string | null;
  /** Hardware addresses of its network interfaces: lower case, sorted, with commas between. */
  mac: string | null;
  endpoint: string | null;
}

export type IdentityField = 'serial' | 'mac' | 'endpoint' | 'model';

export interface Comparison {
  same: boolean;
  /** What differs, also where it is the same unit: a mainboard was replaced, a firmware writes its serial anew. */
  differs: IdentityField[];
}

/** Serial numbers that many units share: nothing, one digit over and over, stand-ins. */
const NO_SERIAL = /^(.)\1*$|^(0*123456(789?)?0?|unknown|none|null|n\/?a|default|serial(number)?|not specified)$/i;
const NO_MAC = '00:00:00:00:00:00';

/**
 * Whether what answers is the unit that is known (docs/decisions.md). Serial number or a hardware address in common:
 * it is. Else any of them differing: it is not. The endpoint reference, which some makers build into their firmware,
 * counts only where neither of these can be compared. A unit that told some of this once and now nothing is not known.
 * The firmware version never counts.
 */
export function compareUnits(known: UnitIdentity, found: UnitIdentity): Comparison {
  const verdicts = {
    serial: verdict(serialOf(known), serialOf(found), (one, other) => one === other),
    mac: verdict(macsOf(known), macsOf(found), (one, other) => one.some((mac) => other.includes(mac))),
    endpoint: verdict(endpointOf(known), endpointOf(found), (one, other) => one === other),
    model: verdict(modelOf(known), modelOf(found), (one, other) => one === other),
  };
  const fields = Object.keys(verdicts) as IdentityField[];
  const differs = fields.filter((field) => verdicts[field] === 'differs');
  const { serial, mac, endpoint, model } = verdicts;
  if (serial === 'equal' || mac === 'equal') return { same: true, differs };
  if (serial === 'differs' || mac === 'differs') return { same: false, differs };
  if (endpoint !== 'silent') return { same: endpoint === 'equal', differs };
  const toldOnce = toldBy(known);
  if (toldOnce.length > 0) return { same: false, differs: toldOnce };
  return { same: model !== 'differs', differs };
}

/** Nothing is known of the unit yet: it was never introduced. */
export function isBlank(known: UnitIdentity): boolean {
  return Object.values(known).every((value) => value === null);
}

/** Whether the serial number alone says that it is the same unit, so that nothing else needs to be asked. */
export function isSameSerial(known: UnitIdentity, serial: string | null): boolean {
  const own = serialOf(known);
  return own !== null && own === serialOf({ serial });
}

/** What of a unit tells it from others. */
export function toldBy(unit: UnitIdentity): IdentityField[] {
  return (['serial', 'mac', 'endpoint'] as const).filter((field) => isTold(unit, field));
}

function isTold(unit: UnitIdentity, field: IdentityField): boolean {
  if (field === 'serial') return serialOf(unit) !== null;
  return field === 'mac' ? macsOf(unit) !== null : endpointOf(unit) !== null;
}

function verdict<Value>(known: Value | null, found: Value | null, equal: (known: Value, found: Value) => boolean) {
  if (known === null || found === null) return 'silent';
  return equal(known, found) ? 'equal' : 'differs';
}

/** The serial number, where it tells this unit from others. */
export function serialOf({ serial }: Pick<UnitIdentity, 'serial'>): string | null {
  const text = serial?.trim() ?? '';
  return text === '' || NO_SERIAL.test(text) ? null : text;
}

/** The hardware addresses, where there are any. */
export function macsOf({ mac }: Pick<UnitIdentity, 'mac'>): string[] | null {
  const all = (mac ?? '').split(',').filter((one) => one !== '' && one !== NO_MAC);
  return all.length > 0 ? all : null;
}

function endpointOf({ endpoint }: UnitIdentity): string | null {
  const text = (endpoint ?? '').toLowerCase().replace(/^(urn:)?uuid:/, '');
  return text === '' || /^[0-]*$/.test(text) ? null : text;
}

function modelOf({ maker, model }: UnitIdentity): string | null {
  return maker || model ? `${maker ?? ''} ${model ?? ''}`.toLowerCase() : null;
}
