import UPlot from 'uplot';
import { locale } from '../../texts.ts';
import type { Series } from './series.ts';
import 'uplot/dist/uPlot.min.css';

const HEIGHT_PX = 130;
/** Days are told from here on. */
const DAYS_FROM_S = 2 * 86_400;
/** So few points are drawn each: a curve of one would not be seen. */
const FEW = 12;
const FONT = '12px system-ui, sans-serif';

/** Draws a curve into `box`, as wide as that is; answers what takes it away. */
export function draw(box: HTMLElement, series: Series, { fromMs, toMs }: { fromMs: number; toMs: number }): () => void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--faint'), font: FONT, grid: { stroke: colour('--line'), width: 1 } };
  const chart = new UPlot(
    {
      width: Math.max(1, box.clientWidth),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: true } },
      scales: { x: { time: true, range: [fromMs / 1_000, toMs / 1_000] } },
      axes: [
        { ...axis, space: 80, values: (_chart, splits) => splits.map((at) => timeOf(at, toMs - fromMs)) },
        { ...axis, size: 54, space: 25 },
      ],
      series: [
        {},
        { stroke: colour('--accent'), width: 1.5, points: { show: series.values.length < FEW }, spanGaps: false },
      ],
    },
    [series.atS, series.values],
    box,
  );
  const resize = new ResizeObserver(() => chart.setSize({ width: Math.max(1, box.clientWidth), height: HEIGHT_PX }));
  resize.observe(box);
  return () => {
    resize.disconnect();
    chart.destroy();
  };
}

function timeOf(atS: number, spanMs: number): string {
  const isLong = spanMs / 1_000 >= DAYS_FROM_S;
  const shown = isLong
    ? ({ month: '2-digit', day: '2-digit' } as const)
    : ({ hour: '2-digit', minute: '2-digit' } as const);
  return new Intl.DateTimeFormat(locale.value, { ...shown, hourCycle: 'h23' }).format(new Date(atS * 1_000));
}
