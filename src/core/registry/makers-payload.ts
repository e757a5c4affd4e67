/** What a maker's payload has in other places than the contract's. */
export interface PayloadSpec {
  ts: { path: readonly string[]; unit: 's' | 'ms' } | null;
  id: readonly string[] | null;
  /** Where an event's type stands, and what their codes for it mean. */
  event: { path: readonly string[]; map: ReadonlyMap<string, string> | null } | null;
  /** What is sent and not kept, with all below it. */
  ignore: readonly (readonly string[])[];
}
