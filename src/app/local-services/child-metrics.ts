import { counterNamed, gaugeNamed, type Observer } from '../../core/observe.ts';

/** Shows whether a private server answers. */
export function sayUp({ metrics }: Observer, service: string, isUp: boolean): void {
  const help = 'Whether a private service answers';
  const described = { name: 'citywatch_local_service_up', help, labelNames: ['service'] };
  gaugeNamed(metrics, described).set({ service }, isUp ? 1 : 0);
}

/** Counts that one ended by itself and was started again. */
export function countRestart({ metrics }: Observer, service: string): void {
  const help = 'How often a private service ended by itself and was started again';
  const described = { name: 'citywatch_local_service_restarts_total', help, labelNames: ['service'] };
  counterNamed(metrics, described).inc({ service });
}
