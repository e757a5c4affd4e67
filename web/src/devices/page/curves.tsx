import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { fieldOf, fieldTitle, valueText } from '../../fields.ts';
import { theme } from '../../ground/display.ts';
import { adjust, place } from '../../ground/router.ts';
import { locale } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { LatestValues, Readings } from '../../types.ts';
import { t } from '../say.ts';
import { usePolled } from './polled.ts';
import { type Series, SPANS, type Span, seriesOf, spanOf } from './series.ts';

const AGAIN_MS = 30_000;
/** More are drawn when somebody asks for them. */
const CURVES_MAX = 6;
/** As many fields as one question may name. */
const FIELDS_MAX = 50;

interface CurvesProps {
  path: string;
  kind: string;
  latest: LatestValues;
}

/** How the numbers of the device went, one curve each. */
export function Curves({ path, kind, latest }: CurvesProps) {
  const [all, setAll] = useState(false);
  const numbers = Object.keys(latest.fields).filter((name) => typeof latest.fields[name]?.value === 'number');
  const names = numbers.slice(0, all ? FIELDS_MAX : CURVES_MAX);
  const span = spanOf(place.value.query.get('span'));
  const toMs = Math.ceil(nowMs.value / span.everyMs) * span.everyMs;
  const fromMs = toMs - span.ms;
  const query = new URLSearchParams({
    fields: names.join(','),
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    every: `${span.everyMs / 1_000}s`,
    fn: 'mean',
  });
  const { answer, refused } = usePolled<Readings>(names.length === 0 ? null : `${path}/history?${query}`, AGAIN_MS);
  if (names.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="part-curves">
      <div class="bar">
        <h3 id="part-curves">{t('device.curves')}</h3>
        <span class="spacer" />
        <SpanChoice span={span} />
      </div>
      {refused && <p class="hint">{t('device.curves.failed')}</p>}
      {names.map((name) => {
        const series = answer ? seriesOf(answer.points, name, span.everyMs) : null;
        return <Curve key={name} name={name} kind={kind} series={series} range={{ fromMs, toMs }} />;
      })}
      {numbers.length > names.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          {t('device.curves.more', { n: numbers.length - names.length })}
        </button>
      )}
    </section>
  );
}

function SpanChoice({ span }: { span: Span }) {
  const choose = (name: string) => {
    const query = new URLSearchParams(place.value.query);
    query.set('span', name);
    adjust(query);
  };
  return (
    <label class="span-choice">
      <span class="unseen">{t('device.span')}</span>
      <select value={span.name} onChange={(event) => choose(event.currentTarget.value)}>
        {SPANS.map(({ name }) => (
          <option key={name} value={name}>
            {t(`span.${name}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CurveProps {
  name: string;
  kind: string;
  series: Series | null;
  range: { fromMs: number; toMs: number };
}

function Curve({ name, kind, series, range }: CurveProps) {
  const unit = fieldOf(kind, name)?.unit;
  const title = fieldTitle(name, kind);
  const text = (value: number) => valueText(value, unit);
  const says = series
    ? t('device.curve.says', { name: title, min: text(series.min), max: text(series.max), last: text(series.last) })
    : t('device.curve.none', { name: title });
  return (
    <figure class="device-curve">
      <figcaption>
        <bdi>{says}</bdi>
      </figcaption>
      {series && <Canvas series={series} range={range} label={says} />}
    </figure>
  );
}

/** The drawing itself, by a library that is read when the first curve is to be drawn. */
function Canvas({ series, range, label }: { series: Series; range: CurveProps['range']; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useMemo(() => import('./chart.ts'), []);
  const { fromMs, toMs } = range;
  useEffect(() => {
    let end = () => {};
    let isOver = false;
    void chart.then(
      ({ draw }) => {
        if (!isOver && box.current) end = draw(box.current, series, { fromMs, toMs });
      },
      // The words above the drawing say what it would show.
      () => undefined,
    );
    return () => {
      isOver = true;
      end();
    };
  }, [chart, series, fromMs, toMs, theme.value, locale.value]);
  return <div class="chart" ref={box} role="img" aria-label={label} />;
}
