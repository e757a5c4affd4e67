const RealDate = Date;
let offMs = 0;

/** Sets the wall clock of this process off by `ms`; clocks that only measure durations go on. */
export function setWallClock(ms: number): void {
  offMs = ms;
}

/** Puts a `Date` in place that can be set; everything in the process that asks for the time of day is told the same. */
export function watchWallClock(): void {
  class SetDate extends RealDate {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(RealDate.now() + offMs);
      else super(...(args as []));
    }
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate;
    }
    static override now(): number {
      return RealDate.now() + offMs;
    }
  }
  globalThis.Date = SetDate as DateConstructor;
}
