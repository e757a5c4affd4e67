import { Counter, Gauge, type Registry } from '../observe.ts';

/** Registers metrics whose names begin with `prefix`; a counter's ends with `_total`. */
export interface PlainMetrics {
  gauge(name: string, help: string, value: () => number): void;
  counter(name: string, help: string, value: () => number): void;
  /** A counter for each of a few keys, told apart by `label`. */
  counters(name: string, help: string, label: string, values: () => Iterable<[string | number, number]>): void;
}

/** Metrics read from plain numbers only when somebody asks, so that counting costs the hot path next to nothing. */
export function plainMetrics(registry: Registry, prefix: string): PlainMetrics {
  const registers = [registry];
  return {
    gauge: (name, help, value) => {
      new Gauge({
        name: `${prefix}${name}`,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    },
    counter: (name, help, value) => {
      new Counter({
        name: `${prefix}${name}_total`,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    },
    counters: (name, help, label, values) => {
      new Counter({
        name: `${prefix}${name}_total`,
        help,
        registers,
        labelNames: [label],
        collect() {
          this.reset();
          for (const [key, value] of values()) this.inc({ [label]: key }, value);
        },
      });
    },
  };
}
