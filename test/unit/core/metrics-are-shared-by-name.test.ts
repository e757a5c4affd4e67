import t from 'tap';
import { counterNamed, gaugeNamed, histogramNamed, Registry } from '../../../src/core/observe.ts';

t.test('what exists several times counts under one name', async (t) => {
  const metrics = new Registry();
  const described = { name: 'x_total', help: 'x', labelNames: ['lane'] };
  counterNamed(metrics, described).inc({ lane: 'live' });
  counterNamed(metrics, described).inc({ lane: 'bulk' }, 2);
  gaugeNamed(metrics, { name: 'y', help: 'y' }).set(1);
  gaugeNamed(metrics, { name: 'y', help: 'y' }).inc();
  histogramNamed(metrics, { name: 'z', help: 'z', buckets: [1] }).observe(0.5);
  histogramNamed(metrics, { name: 'z', help: 'z', buckets: [1] }).observe(0.5);
  const text = await metrics.metrics();
  for (const line of ['x_total{lane="live"} 1', 'x_total{lane="bulk"} 2', 'y 2', 'z_count 2']) t.match(text, line);
});

t.test('registries know nothing of each other', async (t) => {
  const [one, other] = [new Registry(), new Registry()];
  counterNamed(one, { name: 'x_total', help: 'x' }).inc();
  t.equal(other.getSingleMetric('x_total'), undefined);
});
