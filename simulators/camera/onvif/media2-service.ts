import { HEAD_CONFIGURATION } from './head-service.ts';
import {
  allProfiles,
  type Chosen,
  chosenBy,
  type MediaFacts,
  resolution,
  sourceConfiguration,
} from './media-service.ts';
import { leaf, operationUnknown, pick, type SoapRequest, tag, textOf, type XmlValue } from './soap.ts';

type Answer = (facts: MediaFacts, body: XmlValue) => string;

const ANSWERS: Record<string, Answer> = {
  GetServiceCapabilities: () =>
    '<tr2:Capabilities SnapshotUri="true"><tr2:ProfileCapabilities MaximumNumberOfProfiles="2"/>' +
    '<tr2:StreamingCapabilities RTSPStreaming="true" RTP_RTSP_TCP="true"/></tr2:Capabilities>',
  GetProfiles: (facts, body) => {
    const types = typesIn(body);
    const wanted = textOf(pick(body, 'Token'));
    const all = wanted === '' ? allProfiles(facts) : [chosenBy(facts, body, 'Token')];
    return all.map((chosen) => profile(facts, chosen, types)).join('');
  },
  GetStreamUri: (facts, body) => {
    const { eye, quality } = chosenBy(facts, body, 'ProfileToken');
    return leaf('tr2:Uri', eye.streamUrls[quality]);
  },
  GetSnapshotUri: (facts, body) => leaf('tr2:Uri', chosenBy(facts, body, 'ProfileToken').eye.snapshotUrl),
  GetVideoSourceConfigurations: (facts) =>
    facts.eyes.map((eye) => sourceConfiguration('tr2:Configurations', facts, eye)).join(''),
  GetVideoEncoderConfigurations: (facts) =>
    allProfiles(facts)
      .map((chosen) => encoder('tr2:Configurations', facts, chosen))
      .join(''),
};

/** The second media service (ver20); throws as the first one. */
export function answerMedia2({ operation, body }: SoapRequest, facts: MediaFacts): string {
  const answer = Object.hasOwn(ANSWERS, operation) ? ANSWERS[operation] : undefined;
  if (!answer) throw operationUnknown();
  return `<tr2:${operation}Response>${answer(facts, body)}</tr2:${operation}Response>`;
}

function typesIn(body: XmlValue): string[] {
  const type = pick(body, 'Type');
  return (type === undefined ? [] : Array.isArray(type) ? type : [type]).map(textOf);
}

/** Holds the configurations that were asked for, and no others. */
function profile(facts: MediaFacts, chosen: Chosen, types: readonly string[]): string {
  const { eye, quality } = chosen;
  const wants = (type: string): boolean => types.includes(type) || types.includes('All');
  const parts = [
    wants('VideoSource') ? sourceConfiguration('tr2:VideoSource', facts, eye) : '',
    wants('VideoEncoder') ? encoder('tr2:VideoEncoder', facts, chosen) : '',
    wants('PTZ') && facts.hasHead ? HEAD_CONFIGURATION.replaceAll('tt:PTZConfiguration', 'tr2:PTZ') : '',
  ];
  const inner = leaf('tr2:Name', quality + eye.suffix) + (types.length > 0 ? tag('tr2:Configurations', ...parts) : '');
  return `<tr2:Profiles token="profile_${quality}${eye.suffix}" fixed="true">${inner}</tr2:Profiles>`;
}

function encoder(name: string, facts: MediaFacts, { eye, quality }: Chosen): string {
  const inner = [
    leaf('tt:Name', quality),
    leaf('tt:UseCount', 1),
    leaf('tt:Encoding', facts.codecs[quality]),
    resolution('tt:Resolution', facts.sizes[quality]),
    tag('tt:RateControl', leaf('tt:FrameRateLimit', facts.fps), leaf('tt:BitrateLimit', 1024)),
    leaf('tt:Quality', 3),
  ];
  const attributes = `token="encoder_${quality}${eye.suffix}" GovLength="20" Profile="Main"`;
  return `<${name} ${attributes}>${inner.join('')}</${name}>`;
}
