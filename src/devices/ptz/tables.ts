/** Table of migration 0223; what each column means stands there. */
export interface PtzTables {
  ptz_setting: { device: string; home: string | null; idle_s: number; max_speed: number };
}
