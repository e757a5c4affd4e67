/**
 * What a rule tells of. `incident`: something happens that people have to deal with (警情). `fault`: a device does not
 * do its work, and its owner has to see to it (设备故障). `system`: the gateway itself does not.
 */
export const CLASSES = ['incident', 'fault', 'system'] as const;
export type AlertClass = (typeof CLASSES)[number];

/** Whose an alert is: the command centre's, or that of those who keep devices and gateway going. */
export const DESKS = ['police', 'maintenance'] as const;
export type DeskName = (typeof DESKS)[number];

/** What an alert is, and whose; both stay as they were when it was opened. */
export interface Classed {
  class: AlertClass;
  desk: DeskName;
}

/** Incidents ring the police desk; anything else only where its rule says so. */
export function classedBy({ class: of, police }: { class: AlertClass; police?: boolean | undefined }): Classed {
  return { class: of, desk: of === 'incident' || police === true ? 'police' : 'maintenance' };
}

/** Which alerts somebody is shown or told: of one desk, of some classes, or both; all where neither is named. */
export interface Wanted {
  desk?: DeskName | undefined;
  classes?: readonly AlertClass[] | undefined;
}

/** What people and subscriptions get who name no class. */
export const OF_POLICE_DESK: Wanted = { desk: 'police' };

export function isWanted({ desk, classes }: Wanted, alert: Readonly<Classed>): boolean {
  return (desk === undefined || desk === alert.desk) && (classes === undefined || classes.includes(alert.class));
}

/** What an alert is that was written before there were classes: all were the police desk's. */
export const BEFORE_CLASSES: Classed = { class: 'incident', desk: 'police' };
