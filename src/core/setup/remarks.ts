/** One thing that was looked at by `citywatch doctor`, or by a start. */
export interface Remark {
  /** `problem`: the gateway must not start so. `warning`: it can, and somebody should know. */
  level: 'fine' | 'warning' | 'problem';
  part: string;
  what: string;
  /** What to do; empty when nothing is wrong. */
  remedy: string;
}

export function fine(part: string, what: string): Remark {
  return { level: 'fine', part, what, remedy: '' };
}

export function problem(part: string, what: string, remedy: string): Remark {
  return { level: 'problem', part, what, remedy };
}

export function warning(part: string, what: string, remedy: string): Remark {
  return { level: 'warning', part, what, remedy };
}
