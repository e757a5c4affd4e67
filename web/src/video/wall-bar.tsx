import { useEffect, useState } from 'preact/hooks';
import { nowMs } from '../ticker.ts';
import { LAYOUTS, type Layout, pagesOf, TOUR_S, type WallAddress } from './address.ts';
import { v } from './words.ts';

export interface WallBarProps {
  address: WallAddress;
  cameras: number;
  arranges: boolean;
  /** What is shown in full screen. */
  stage(): HTMLElement | null;
  onChange(to: Partial<WallAddress>): void;
  onPage(page: number): void;
  onArrange(arranges: boolean): void;
}

/** How the wall is shown. */
export function WallBar({ address, cameras, arranges, stage, onChange, onPage, onArrange }: WallBarProps) {
  return (
    <div class="video-bar">
      <Layouts layout={address.layout} onLayout={(layout) => onChange({ layout, page: 0 })} />
      <Pager address={address} cameras={cameras} onPage={onPage} />
      {cameras > address.layout && (
        <label class="video-tour">
          {v('video.tour')}
          <select
            value={address.tourS ?? ''}
            onChange={({ currentTarget }) => onChange({ tourS: Number(currentTarget.value) || null })}
          >
            <option value="">{v('video.tour.off')}</option>
            {TOUR_S.map((s) => (
              <option key={s} value={s}>
                {v('video.tour.every', { s })}
              </option>
            ))}
          </select>
        </label>
      )}
      {cameras > 0 && address.atMs === null && (
        <button type="button" class="quiet" aria-pressed={arranges} onClick={() => onArrange(!arranges)}>
          {v(arranges ? 'video.arrange.end' : 'video.arrange')}
        </button>
      )}
      {cameras > 0 && address.atMs === null && (
        <button type="button" onClick={() => onChange({ atMs: beforeNow() })}>
          {v('play.begin')}
        </button>
      )}
      <FullScreen stage={stage} />
    </div>
  );
}

/** Where looking back begins: a minute ago. */
function beforeNow(): number {
  return Math.floor(nowMs.value / 1_000 - 60) * 1_000;
}

function Layouts({ layout, onLayout }: { layout: Layout; onLayout(layout: Layout): void }) {
  return (
    <fieldset class="video-layouts" aria-label={v('video.layout')}>
      {LAYOUTS.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === layout}
          aria-label={v('video.tiles', { n: one })}
          onClick={() => onLayout(one)}
        >
          {one}
        </button>
      ))}
    </fieldset>
  );
}

function Pager({ address, cameras, onPage }: Pick<WallBarProps, 'address' | 'cameras' | 'onPage'>) {
  const { page, layout } = address;
  const pages = pagesOf(cameras, layout);
  if (pages < 2) return null;
  return (
    <span class="pager">
      <button type="button" aria-label={v('video.previous')} onClick={() => onPage((page + pages - 1) % pages)}>
        ‹
      </button>
      <span class="video-page">{v('video.page', { page: page + 1, pages })}</span>
      <button type="button" aria-label={v('video.next')} onClick={() => onPage((page + 1) % pages)}>
        ›
      </button>
    </span>
  );
}

function FullScreen({ stage }: Pick<WallBarProps, 'stage'>) {
  const [isFull, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const look = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', look);
    return () => document.removeEventListener('fullscreenchange', look);
  }, []);
  if (!document.fullscreenEnabled) return null;
  const change = isFull ? () => document.exitFullscreen() : () => stage()?.requestFullscreen();
  return (
    <button type="button" class="quiet" onClick={() => void change()?.catch(() => undefined)}>
      {v(isFull ? 'video.full.end' : 'video.full')}
    </button>
  );
}
