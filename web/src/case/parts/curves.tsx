import { fieldOf, fieldTitle, valueText } from '../../fields.ts';
import { kinds } from '../../overview.ts';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { CaseAlert, Readings, RuleOfAlert } from '../../types.ts';
import { type Curve, type CurveRange, curveOf, HEIGHT, rangeOf, startingAt, WIDTH, xOf } from '../curve.ts';
import { asksOf, type Limit } from '../limits.ts';
import { t } from '../say.ts';
import { useAnswer } from '../use-answer.ts';

const CURVES_MAX = 4;

interface CurvesProps {
  alert: CaseAlert;
  device: string;
  kind: string | null;
  rule: RuleOfAlert | null;
}

/** How the values that the rule looks at went before and after; without such, those that were reported. */
export function Curves({ alert, device, kind, rule }: CurvesProps) {
  const { limits } = asksOf(rule?.condition ?? {});
  const names = namesOf(alert, limits, kind);
  const range = rangeOf(alert, nowMs.value);
  const path = names.length === 0 ? null : pathOf(device, names, range);
  const { answer, refused } = useAnswer<Readings>(path);
  if (path === null) return null;
  const shown = startingAt(answer?.points ?? [], range);
  const curves = names.flatMap((name) => {
    const own = limits.filter(({ field, limit }) => field === name && typeof limit === 'number');
    const curve = curveOf(name, answer?.points ?? [], { range: shown, limits: own.map(({ limit }) => Number(limit)) });
    return curve ? [{ curve, own }] : [];
  });
  return (
    <section class="panel" aria-labelledby="curve-title">
      <h3 id="curve-title">{t('curve.title')}</h3>
      {refused && <p class="hint">{t('curve.failed')}</p>}
      {answer && curves.length === 0 && <p class="hint">{t('curve.none')}</p>}
      {curves.map(({ curve, own }) => (
        <Drawn key={curve.name} curve={curve} limits={own} at={Date.parse(alert.firstAt)} range={shown} kind={kind} />
      ))}
    </section>
  );
}

/** Numbers that have a limit; where none has, those that were reported. */
function namesOf({ data }: CaseAlert, limits: readonly Limit[], kind: string | null): string[] {
  // What stands in an event alone has no history.
  const readings = kinds.value.get(kind ?? '')?.fields ?? {};
  const isNumber = (name: string) => ['number', 'integer'].includes(readings[name]?.type ?? '');
  const limited = limits.map(({ field }) => field).filter(isNumber);
  const names = limited.length > 0 ? limited : Object.keys(data).filter(isNumber);
  return [...new Set(names)].slice(0, CURVES_MAX);
}

function pathOf(device: string, names: readonly string[], { fromMs, toMs, everyMs }: CurveRange): string {
  const query = new URLSearchParams({
    fields: names.join(','),
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    every: `${everyMs / 1_000}s`,
    fn: 'mean',
  });
  return `/devices/${encodeURIComponent(device)}/history?${query}`;
}

interface DrawnProps {
  curve: Curve;
  limits: readonly Limit[];
  at: number;
  range: CurveRange;
  kind: string | null;
}

function Drawn({ curve, limits, at, range, kind }: DrawnProps) {
  const unit = fieldOf(kind, curve.name)?.unit;
  const text = (value: number) => valueText(value, unit);
  const [min, max, last] = [text(curve.min), text(curve.max), text(curve.last)];
  const time = (ms: number) => clockTime(new Date(ms).toISOString(), nowMs.value);
  const name = fieldTitle(curve.name, kind);
  return (
    <figure class="drawn">
      <figcaption>
        <bdi>{t('curve.says', { name, min, max, last })}</bdi>
        {limits.map(({ limit }) => (
          <span key={String(limit)} class="limit">
            {t('curve.limit', { n: valueText(limit, unit) })}
          </span>
        ))}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={name}>
        {limits.map(({ limit }) => (
          <Level key={String(limit)} y={curve.yOf(Number(limit))} />
        ))}
        <line class="moment" x1={xOf(range, at)} x2={xOf(range, at)} y1={0} y2={HEIGHT} />
        {curve.stretches.map((points) => (
          <polyline key={points.slice(0, 24)} class="readings" points={points} />
        ))}
      </svg>
      <p class="range">
        <span>{time(range.fromMs)}</span>
        <span>{time(range.toMs)}</span>
      </p>
    </figure>
  );
}

function Level({ y }: { y: number | null }) {
  return y === null ? null : <line class="level-line" x1={0} x2={WIDTH} y1={y} y2={y} />;
}
