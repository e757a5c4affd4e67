import { useEffect, useMemo, useState } from 'preact/hooks';
import { useAnswer } from '../../case/use-answer.ts';
import { language, tOf } from '../../texts.ts';
import type { Area, Facets, Page, WallCamera } from '../../types.ts';
import { CAMERAS_MAX } from '../address.ts';
import { videoKinds } from '../cameras.ts';
import { v } from '../words.ts';
import { type AreaNode, treeOf } from './areas.ts';
import { CameraPages, type Wanted } from './pages.ts';
import { useCameraList } from './use-camera-list.ts';

/** Typing is over after this. */
const TYPED_MS = 300;
const WORDS_MAX = 100;

export interface TreeProps {
  onWall: ReadonlySet<string>;
  onToggle(camera: WallCamera): void;
  /** Puts these on the wall, in place of what is there. */
  onAll(cameras: readonly WallCamera[]): void;
}

/** Cameras by the area that they stand in, and by their names. */
export function CameraTree(props: TreeProps) {
  const [words, setWords] = useState('');
  const asked = useSettled(words.trim());
  return (
    <search class="tree">
      <h3>{v('tree.title')}</h3>
      <label>
        <span class="unseen">{v('tree.search')}</span>
        <input
          type="search"
          maxLength={WORDS_MAX}
          autocomplete="off"
          placeholder={v('tree.search')}
          value={words}
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
        />
      </label>
      {props.onWall.size >= CAMERAS_MAX && <p class="hint">{v('tree.full', { n: CAMERAS_MAX })}</p>}
      {asked === '' ? <Areas {...props} /> : <Found key={asked} words={asked} {...props} />}
    </search>
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), text === '' ? 0 : TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function Found({ words, ...props }: TreeProps & { words: string }) {
  const { cameras, isOver, isCut, failed, busy, more } = useCameraList({ kinds: videoKinds.value, words });
  return (
    <>
      <p class="hint" role="status">
        {busy && cameras.length === 0 && v('tree.reading')}
        {!busy && !failed && cameras.length === 0 && v('tree.nothing')}
        {cameras.length > 0 && v(isOver && !isCut ? 'tree.found' : 'tree.foundMore', { n: cameras.length })}
      </p>
      {failed && <Failed onAgain={more} />}
      <Rows cameras={cameras} {...props} />
    </>
  );
}

function Areas(props: TreeProps) {
  const [kind] = videoKinds.value;
  const areas = useAnswer<Page<Area>>('/jurisdictions');
  const facets = useAnswer<Facets>(`/device-facets?kind=${kind}`);
  const roots = useMemo(() => treeOf(areas.answer?.items ?? []), [areas.answer]);
  const counts = useMemo(
    () => facets.answer && new Map(facets.answer.jurisdiction.map(({ value, count }) => [value, count])),
    [facets.answer],
  );
  if (areas.refused) return <p class="hint">{v('tree.failed')}</p>;
  if (!areas.answer) return <p class="hint">{v('tree.reading')}</p>;
  return (
    <ul class="tree-areas">
      {roots.map((node) => (
        <AreaItem key={node.area.code} node={node} counts={counts} isOpen={roots.length === 1} {...props} />
      ))}
    </ul>
  );
}

interface AreaProps extends TreeProps {
  node: AreaNode;
  /** Cameras of each area, those below too; null where that is not known. */
  counts: ReadonlyMap<string, number> | null;
  isOpen: boolean;
}

function AreaItem({ node, counts, isOpen, ...props }: AreaProps) {
  const [open, setOpen] = useState(isOpen);
  const { code, name } = node.area;
  const title = (language.value === 'zh' ? name.zh : name.en) || name.zh || code;
  const count = counts?.get(code);
  const below = node.below.reduce((sum, one) => sum + (counts?.get(one.area.code) ?? 0), 0);
  const isLeaf = node.below.length === 0;
  return (
    <li>
      <div class="tree-area">
        <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          <bdi>{title}</bdi>
          {count !== undefined && <span class="count"> {count}</span>}
        </button>
        <ShowAll area={code} title={title} onAll={props.onAll} />
      </div>
      {open && (
        <div class="tree-below">
          <ul class="tree-areas">
            {node.below.map((one) => (
              <AreaItem key={one.area.code} node={one} counts={counts} isOpen={false} {...props} />
            ))}
          </ul>
          {(isLeaf || count === undefined || count > below) && (
            <Listed wanted={{ kinds: videoKinds.value, area: code, own: !isLeaf }} title={title} {...props} />
          )}
        </div>
      )}
    </li>
  );
}

function ShowAll({ area, title, onAll }: { area: string; title: string; onAll: TreeProps['onAll'] }) {
  const [busy, setBusy] = useState(false);
  const show = () => {
    setBusy(true);
    new CameraPages({ kinds: videoKinds.value, area })
      .next(AbortSignal.timeout(15_000), CAMERAS_MAX)
      .then((cameras) => {
        if (cameras.length > 0) onAll(cameras.slice(0, CAMERAS_MAX));
      })
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <button
      type="button"
      class="quiet"
      disabled={busy}
      aria-label={v('tree.showAll', { area: title })}
      title={v('tree.showAll', { area: title })}
      onClick={show}
    >
      {v('tree.showAll.short')}
    </button>
  );
}

function Listed({ wanted, title, ...props }: TreeProps & { wanted: Wanted; title: string }) {
  const { cameras, isOver, isCut, failed, busy, more } = useCameraList(wanted);
  return (
    <>
      <Rows cameras={cameras} {...props} />
      {busy && <p class="hint">{v('tree.reading')}</p>}
      {failed && <Failed onAgain={more} />}
      {isCut && <p class="hint">{v('tree.foundMore', { n: cameras.length })}</p>}
      {isOver && !wanted.own && cameras.length === 0 && <p class="hint">{v('tree.none')}</p>}
      {!busy && !failed && !isOver && (
        <button type="button" class="quiet" onClick={more}>
          <bdi>{v('tree.more', { area: title })}</bdi>
        </button>
      )}
    </>
  );
}

function Failed({ onAgain }: { onAgain(): void }) {
  return (
    <p class="hint">
      {v('tree.failed')}{' '}
      <button type="button" onClick={onAgain}>
        {v('tree.again')}
      </button>
    </p>
  );
}

function Rows({ cameras, onWall, onToggle }: TreeProps & { cameras: readonly WallCamera[] }) {
  return (
    <ul class="tree-rows">
      {cameras.map((camera) => (
        <li key={camera.id}>
          <button type="button" aria-pressed={onWall.has(camera.id)} onClick={() => onToggle(camera)}>
            <bdi>{camera.name}</bdi>
            {camera.health && camera.health.health !== 'online' && (
              <span class="tree-health">{tOf('map.level', camera.health.health)}</span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}
