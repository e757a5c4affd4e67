import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, send } from '../../api.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import type { CameraWall } from '../../types.ts';
import type { Layout } from '../address.ts';
import { v } from '../words.ts';

const NAME_MAX = 64;

export interface Shown {
  layout: Layout;
  cameras: readonly string[];
}

/** Walls that this person keeps, and those that others share. */
export function Walls({ shown, onOpen }: { shown: Shown; onOpen(wall: Shown): void }) {
  const [round, setRound] = useState(0);
  const [chosen, setChosen] = useState<string | null>(null);
  const [trouble, setTrouble] = useState('');
  const { answer, refused } = useAnswer<{ items: CameraWall[] }>(`/walls#${round}`);
  const act = (deed: Promise<CameraWall | null>) =>
    deed
      .then((wall) => {
        setTrouble('');
        if (wall) setChosen(wall.id);
      })
      .catch((error) => {
        noticeEnd(error);
        setTrouble(error instanceof ApiError && error.status === 412 ? v('walls.changed') : explain(error));
      })
      .finally(() => setRound((before) => before + 1));
  const walls = answer?.items ?? [];
  return (
    <details class="walls">
      <summary>{v('walls.title', { n: walls.length })}</summary>
      {refused && <p class="hint">{v('walls.failed')}</p>}
      <ul class="tree-rows">
        {walls.map((wall) => (
          <li key={wall.id}>
            <button
              type="button"
              aria-pressed={wall.id === chosen}
              onClick={() => {
                setChosen(wall.id);
                onOpen(wall);
              }}
            >
              <bdi>{wall.name}</bdi>
              <span class="walls-facts">
                {v('walls.facts', { n: wall.cameras.length })}
                {!wall.own && <bdi> · {v('walls.of', { name: wall.owner })}</bdi>}
                {wall.own && wall.shared && ` · ${v('walls.isShared')}`}
              </span>
            </button>
            {wall.own && wall.id === chosen && <OwnTools wall={wall} shown={shown} act={act} />}
          </li>
        ))}
      </ul>
      <KeepForm shown={shown} act={act} />
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
    </details>
  );
}

type Act = (deed: Promise<CameraWall | null>) => Promise<unknown>;

/** What is done with a wall of one's own. */
function OwnTools({ wall, shown, act }: { wall: CameraWall; shown: Shown; act: Act }) {
  const change = (to: Partial<CameraWall>) =>
    void act(send<CameraWall>('PATCH', `/walls/${wall.id}`, to, wall.version));
  const isSame = shown.layout === wall.layout && shown.cameras.join() === wall.cameras.join();
  return (
    <p class="walls-tools">
      <button type="button" disabled={isSame} onClick={() => change({ ...shown, cameras: [...shown.cameras] })}>
        {v('walls.save')}
      </button>
      <button type="button" onClick={() => change({ shared: !wall.shared })}>
        {v(wall.shared ? 'walls.unshare' : 'walls.share')}
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => void act(send<never>('DELETE', `/walls/${wall.id}`, undefined, wall.version))}
      >
        {v('walls.remove')}
      </button>
    </p>
  );
}

function KeepForm({ shown, act }: { shown: Shown; act: Act }) {
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const said = new FormData(form);
    const name = String(said.get('name')).trim();
    if (name === '') return;
    const body = { layout: shown.layout, cameras: shown.cameras, name, shared: said.has('shared') };
    void act(
      send<CameraWall>('POST', '/walls', body).then((wall) => {
        form.reset();
        return wall;
      }),
    );
  };
  return (
    <form class="walls-keep" onSubmit={submit}>
      <label>
        {v('walls.name')}
        <input name="name" maxLength={NAME_MAX} autocomplete="off" required />
      </label>
      <label class="switch">
        <input type="checkbox" name="shared" />
        <span>{v('walls.shared')}</span>
      </label>
      <button type="submit" disabled={shown.cameras.length === 0}>
        {v('walls.keep')}
      </button>
    </form>
  );
}
