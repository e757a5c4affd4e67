import { useState } from 'preact/hooks';
import { onPage, pagesOf, shifted, toggled, type WallAddress } from '../address.ts';
import { knownCamera, useKnown } from '../cameras.ts';
import { v } from '../words.ts';
import { COSTS } from './budget.ts';
import { Ptz } from './ptz.tsx';
import { Tile } from './tile.tsx';
import { useBudget } from './use-budget.ts';

export interface StageProps {
  address: WallAddress;
  cameras: readonly string[];
  /** Whether the tiles are being put in order. */
  arranges: boolean;
  onChange(to: Partial<WallAddress>): void;
}

/** The pictures of the wall: all alike, or one large beside the others. */
export function Stage({ address, cameras, arranges, onChange }: StageProps) {
  const { layout, focus } = address;
  const shown = onPage(cameras, address);
  const small = focus === null ? shown : shown.filter((id) => id !== focus);
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  useKnown(focus === null ? shown : [focus, ...small]);
  const quality = layout === 1 && focus === null ? 'main' : 'sub';
  const moving = useBudget([
    ...(focus === null ? [] : [{ key: focus, cost: COSTS.main }]),
    ...small.filter((id) => !unseen.has(id)).map((id) => ({ key: id, cost: COSTS[quality] })),
  ]);
  const onSeen = (id: string, isSeen: boolean) =>
    setUnseen((before) => {
      if (before.has(id) !== isSeen) return before;
      return new Set(isSeen ? [...before].filter((one) => one !== id) : [...before, id]);
    });
  const tiles = small.map((id) => (
    <Tile
      key={id}
      id={id}
      quality={quality}
      moves={moving.has(id) || unseen.has(id)}
      onSeen={onSeen}
      onPress={layout === 1 && focus === null ? null : () => onChange({ focus: id })}
    >
      {arranges && <TileTools id={id} cameras={cameras} onChange={onChange} />}
    </Tile>
  ));
  if (focus === null) return <div class={`video-grid video-grid-${layout}`}>{tiles}</div>;
  return (
    <div class="video-focus">
      <Tile key={`large ${focus}`} id={focus} quality="main" moves onSeen={onSeen} onPress={null}>
        <button type="button" onClick={() => onChange({ focus: null })}>
          {v('video.focus.end')}
        </button>
      </Tile>
      <Ptz key={focus} camera={focus} />
      <div class="video-strip">{tiles}</div>
    </div>
  );
}

function TileTools({ id, cameras, onChange }: Pick<StageProps, 'cameras' | 'onChange'> & { id: string }) {
  const name = knownCamera(id)?.name ?? id;
  const at = cameras.indexOf(id);
  const move = (by: number) => onChange({ cameras: shifted(cameras, id, by) });
  return (
    <span class="video-tools">
      <button type="button" aria-label={v('video.earlier', { name })} disabled={at === 0} onClick={() => move(-1)}>
        ‹
      </button>
      <button
        type="button"
        aria-label={v('video.later', { name })}
        disabled={at === cameras.length - 1}
        onClick={() => move(1)}
      >
        ›
      </button>
      <button
        type="button"
        aria-label={v('video.remove', { name })}
        onClick={() => onChange({ cameras: toggled(cameras, id) })}
      >
        ×
      </button>
    </span>
  );
}

/** Which page a wall is at, as far as it has so many. */
export function pageWithin({ page, layout }: WallAddress, cameras: number): number {
  return Math.min(page, pagesOf(cameras, layout) - 1);
}
