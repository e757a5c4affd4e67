import type { ComponentChildren } from 'preact';
import { Picture, useLivePicture } from '../../cameras/live-picture.tsx';
import { CaseForm } from '../../case/parts/evidence.tsx';
import { display } from '../../session.ts';
import { t } from '../../texts.ts';
import { caseNumbers, knownCamera, nameCase } from '../cameras.ts';
import { v } from '../words.ts';

export interface TileProps {
  id: string;
  quality: 'main' | 'sub';
  /** Whether its picture moves; else it is stills. */
  moves: boolean;
  onSeen(id: string, seen: boolean): void;
  /** What its picture does when it is pressed; null: nothing. */
  onPress: (() => void) | null;
  /** Stands beside its name. */
  children?: ComponentChildren;
}

/** One camera of the wall, or why it is not shown. */
export function Tile(props: TileProps) {
  const { id } = props;
  const camera = knownCamera(id);
  const named = caseNumbers.value.get(id) ?? '';
  if (camera === null) return <NoTile text={v('video.gone')} {...props} />;
  if (camera === undefined) return <NoTile text={v('tree.reading')} {...props} />;
  if (camera.accessClass === 'minors' && named === '') {
    return (
      <div class="tile video-tile tile-closed">
        {props.onPress ? (
          <button type="button" class="video-picture video-why" onClick={props.onPress}>
            {t('seen.needsCase')}
          </button>
        ) : (
          <div class="picture video-case">
            <CaseForm onNamed={(said) => nameCase(id, said)} />
          </div>
        )}
        <Caption name={camera.name}>{props.children}</Caption>
      </div>
    );
  }
  return <Shown key={named} name={camera.name} named={named} {...props} />;
}

function Shown({ id, quality, moves, onSeen, onPress, name, named, children }: ShownProps) {
  const picture = useLivePicture(id, quality, {
    named,
    moves,
    // Recordings are closed to a second screen.
    recorded: display.value === null,
    onSeen: (seen) => onSeen(id, seen),
  });
  return (
    <div class={`tile video-tile tile-${picture.state}`} data-camera={id}>
      {onPress ? (
        <button
          type="button"
          class="video-picture"
          aria-label={v('video.focus', { name })}
          title={v('video.focus', { name })}
          onClick={onPress}
        >
          <Picture of={picture} />
        </button>
      ) : (
        <Picture of={picture} />
      )}
      <Caption name={name}>
        <span class="tile-state">
          {picture.text}
          {picture.age && ` · ${picture.age}`}
        </span>
        {children}
      </Caption>
    </div>
  );
}

type ShownProps = TileProps & { name: string; named: string };

function NoTile({ id, text, children }: Pick<TileProps, 'id' | 'children'> & { text: string }) {
  return (
    <div class="tile video-tile tile-gone" data-camera={id}>
      <p class="picture video-why">{text}</p>
      <Caption name={id}>{children}</Caption>
    </div>
  );
}

function Caption({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="video-caption">
      <span class="tile-name">
        <bdi>{name}</bdi>
      </span>
      {children}
    </div>
  );
}
