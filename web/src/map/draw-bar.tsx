import { useEffect, useRef } from 'preact/hooks';
import { t } from '../texts.ts';
import { CORNERS_MAX } from './address.ts';
import type { Point } from './geometry.ts';

const CORNERS_MIN = 3;

/** Draws an area, by pressing on the map or by moving it under the cross: the keyboard alone is enough. */
export function DrawBar({
  corners,
  hasArea,
  middle,
  onCorners,
  onArea,
}: {
  /** Those of the area that is being drawn; null while none is. */
  corners: readonly Point[] | null;
  hasArea: boolean;
  middle(): Point;
  onCorners(corners: readonly Point[] | null): void;
  onArea(area: readonly Point[]): void;
}) {
  const begin = useRef<HTMLButtonElement>(null);
  const draws = corners !== null;
  const drew = useRef(draws);
  useEffect(() => {
    // After "Done" the focus goes to the list of what was drawn around.
    if (drew.current && !draws && document.activeElement === document.body) begin.current?.focus();
    drew.current = draws;
  }, [draws]);
  if (corners === null) {
    return (
      <div class="map-draw">
        <button type="button" ref={begin} onClick={() => onCorners([])}>
          {t('map.draw')}
        </button>
        {hasArea && (
          <button type="button" class="quiet" onClick={() => onArea([])}>
            {t('map.draw.clear')}
          </button>
        )}
      </div>
    );
  }
  const finish = () => {
    onArea(corners);
    onCorners(null);
  };
  return (
    <fieldset class="map-draw" aria-label={t('map.draw')}>
      <p class="hint">{t('map.draw.hint')}</p>
      <button type="button" disabled={corners.length >= CORNERS_MAX} onClick={() => onCorners([...corners, middle()])}>
        {t('map.draw.corner')}
      </button>
      <button type="button" disabled={corners.length === 0} onClick={() => onCorners(corners.slice(0, -1))}>
        {t('map.draw.back')}
      </button>
      <button type="button" class="primary" disabled={corners.length < CORNERS_MIN} onClick={finish}>
        {t('map.draw.done', { n: corners.length })}
      </button>
      <button type="button" class="quiet" onClick={() => onCorners(null)}>
        {t('map.draw.cancel')}
      </button>
    </fieldset>
  );
}
