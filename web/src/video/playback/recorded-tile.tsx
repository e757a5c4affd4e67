import { useEffect, useRef, useState } from 'preact/hooks';
import { KeptPicture } from '../../cameras/kept-picture.ts';
import { Picture } from '../../cameras/live-picture.tsx';
import { CaseForm } from '../../case/parts/evidence.tsx';
import { every } from '../../ticker.ts';
import { caseNumbers, knownCamera, nameCase } from '../cameras.ts';
import { v } from '../words.ts';
import type { PlaybackClock } from './clock.ts';
import { causeAt } from './marks.ts';
import { RecordedPlayer, type Shows } from './recorded-player.ts';
import type { Recorded } from './use-timelines.ts';

const STEP_MS = 200;

export interface RecordedTileProps {
  id: string;
  clock: PlaybackClock;
  /** Undefined until it is known. */
  recorded: Recorded | undefined;
  /** Whether this computer has enough to play already. */
  isSpared: boolean;
}

/** What was recorded of one camera, or why there is nothing. */
export function RecordedTile(props: RecordedTileProps) {
  const camera = knownCamera(props.id);
  const named = caseNumbers.value.get(props.id) ?? '';
  const name = camera?.name ?? props.id;
  if (camera === null) return <Why name={name} text={v('video.gone')} />;
  if (!camera || !props.recorded) return <Why name={name} text={v('tree.reading')} />;
  if (camera.accessClass === 'minors' && named === '') {
    return (
      <div class="tile video-tile tile-closed" data-camera={props.id}>
        <div class="picture video-case">
          <CaseForm onNamed={(said) => nameCase(props.id, said)} />
        </div>
        <Name name={name} text="" />
      </div>
    );
  }
  if (props.isSpared) return <Why name={name} text={v('play.spared')} />;
  return <Playing key={`${named} ${props.recorded.quality}`} {...props} recorded={props.recorded} name={name} />;
}

function Playing({ id, clock, recorded, name }: RecordedTileProps & { recorded: Recorded; name: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const kept = useRef<HTMLCanvasElement>(null);
  const [shows, setShows] = useState<Shows>('reading');
  const named = caseNumbers.value.get(id) ?? '';
  const { quality, timeline } = recorded;
  useEffect(() => {
    if (!video.current || !kept.current) return;
    const picture = new KeptPicture(kept.current, { camera: id, remembers: false });
    const options = { video: video.current, kept: picture, camera: id, quality, named, clock, onShows: setShows };
    const player = new RecordedPlayer(options);
    const end = every(STEP_MS, () => document.hidden || player.step());
    return () => {
      end();
      player.stop();
    };
  }, [id, clock]);
  const cause = shows === 'hole' ? causeAt(timeline, clock.positionMs) : null;
  const why = cause === null ? '' : `: ${v(`gap.${cause}` as 'gap.camera')}`;
  return (
    <div class={`tile video-tile shows-${shows}`} data-camera={id}>
      <Picture of={{ video, kept }} />
      <Name name={name} text={shows === 'picture' ? '' : v(`shows.${shows}`) + why} />
    </div>
  );
}

function Why({ name, text }: { name: string; text: string }) {
  return (
    <div class="tile video-tile tile-gone">
      <p class="picture video-why">{text}</p>
      <Name name={name} text="" />
    </div>
  );
}

function Name({ name, text }: { name: string; text: string }) {
  return (
    <div class="video-caption">
      <span class="tile-name">
        <bdi>{name}</bdi>
      </span>
      {text !== '' && <span class="tile-state">{text}</span>}
    </div>
  );
}
