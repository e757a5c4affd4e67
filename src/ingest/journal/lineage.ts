/** A life of one lane of the journal: offsets from `from` on, up to where the next one begins, are its. */
export interface LaneLife {
  /** 8 hex digits. */
  id: string;
  from: number;
}

/** All lives of a lane that this journal went through, oldest first; at least one. */
export type LaneLineage = readonly [LaneLife, ...LaneLife[]];

/** The life that new records belong to. */
export function currentOf(lineage: LaneLineage): LaneLife {
  return lineage.at(-1) ?? lineage[0];
}

/** The life that the record at `offset` belongs to. */
export function incarnationAt(lineage: LaneLineage, offset: number): string {
  return (lineage.findLast(({ from }) => from <= offset) ?? lineage[0]).id;
}
