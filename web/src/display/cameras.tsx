import { useEffect, useState } from 'preact/hooks';
import { every } from '../ticker.ts';
import { pagesOf, type WallAddress } from '../video/address.ts';
import { know } from '../video/cameras.ts';
import { Stage } from '../video/stage/stage.tsx';
import { t } from './say.ts';
import '../video/video.css';

/** What a wall of cameras shows; those that are not for a screen were left out. */
export interface ShownWall {
  layout: number;
  cameras: readonly { id: string; name: string }[];
}

const TURN_MS = 20_000;
const LAYOUTS = [1, 4, 9, 16] as const;

/** The cameras of a wall; where there are more than fit, they take turns. */
export function Cameras({ wall, most = 16 }: { wall: ShownWall | null; most?: number }) {
  const layout = LAYOUTS.findLast((one) => one <= Math.min(wall?.layout ?? 1, most)) ?? 1;
  const cameras = wall?.cameras ?? [];
  const ids = cameras.map(({ id }) => id);
  const pages = pagesOf(ids.length, layout);
  const [turn, setTurn] = useState(0);
  useEffect(() => every(TURN_MS, () => setTurn((before) => before + 1)), []);
  const said = ids.join(' ');
  const [isKnown, setKnown] = useState('');
  useEffect(() => {
    know(cameras.map((one) => ({ ...one, accessClass: 'public', jurisdiction: '', health: null })));
    setKnown(said);
  }, [said]);
  if (cameras.length === 0) return <p class="hint">{t('display.nothing')}</p>;
  if (isKnown !== said) return null;
  const address: WallAddress = {
    layout,
    cameras: ids,
    page: turn % Math.max(1, pages),
    tourS: null,
    focus: null,
    atMs: null,
  };
  return <Stage address={address} cameras={ids} arranges={false} onChange={() => {}} />;
}
