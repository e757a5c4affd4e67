import { leaf, operationUnknown, pick, SoapFault, type SoapRequest, tag, textOf, type XmlValue } from './soap.ts';

/** A recording on the card, as the search service tells it. */
export interface StoredRecording {
  token: string;
  /** Of the video source, as the media service calls it. */
  source: string;
  name: string;
  url: string;
  /** Unix ms by the camera's clock; null while nothing is kept. */
  span: { fromMs: number; toMs: number } | null;
}

const SEARCHES_MAX = 16;

/** ONVIF recording search, and where replay is found. Answers of other services throw as those do. */
export class StorageServices {
  readonly #recordings: () => readonly StoredRecording[];
  readonly #searches = new Set<string>();
  #next = 1;

  constructor(recordings: () => readonly StoredRecording[]) {
    this.#recordings = recordings;
  }

  search({ operation, body }: SoapRequest): string {
    const answers: Record<string, () => string> = {
      GetServiceCapabilities: () => '<tse:Capabilities MetadataSearch="false" GeneralStartEvents="false"/>',
      GetRecordingSummary: () => this.#summary(),
      FindRecordings: () => leaf('tse:SearchToken', this.#begin()),
      GetRecordingSearchResults: () => this.#results(body),
      GetRecordingInformation: () => this.#information(textOf(pick(body, 'RecordingToken'))),
      EndSearch: () => this.#end(body),
    };
    return answered('tse', operation, answers);
  }

  replay({ operation, body }: SoapRequest): string {
    const answers: Record<string, () => string> = {
      GetServiceCapabilities: () =>
        '<trp:Capabilities ReversePlayback="false" SessionTimeoutRange="0 60" RTP_RTSP_TCP="true"/>',
      GetReplayUri: () => leaf('trp:Uri', this.#find(textOf(pick(body, 'RecordingToken'))).url),
    };
    return answered('trp', operation, answers);
  }

  #begin(): string {
    if (this.#searches.size >= SEARCHES_MAX)
      throw new SoapFault(500, 'Receiver', ['Action', 'ResourceProblem'], 'Busy');
    const token = `search_${this.#next++}`;
    this.#searches.add(token);
    return token;
  }

  #end(body: XmlValue): string {
    if (!this.#searches.delete(textOf(pick(body, 'SearchToken')))) throw invalid('InvalidToken');
    return leaf('tse:Endpoint', new Date().toISOString());
  }

  #results(body: XmlValue): string {
    if (!this.#searches.has(textOf(pick(body, 'SearchToken')))) throw invalid('InvalidToken');
    const found = this.#recordings().map((one) => informationOf('tt:RecordingInformation', one));
    return tag('tse:ResultList', leaf('tt:SearchState', 'Completed'), ...found);
  }

  #information(token: string): string {
    return informationOf('tse:RecordingInformation', this.#find(token));
  }

  #find(token: string): StoredRecording {
    const found = this.#recordings().find((one) => one.token === token);
    if (!found) throw invalid('NoRecording');
    return found;
  }

  #summary(): string {
    const spans = this.#recordings().flatMap(({ span }) => span ?? []);
    const [fromMs, toMs] = [Math.min(...spans.map((one) => one.fromMs)), Math.max(...spans.map((one) => one.toMs))];
    return tag(
      'tse:Summary',
      leaf('tt:DataFrom', moment(spans.length > 0 ? fromMs : 0)),
      leaf('tt:DataUntil', moment(spans.length > 0 ? toMs : 0)),
      leaf('tt:NumberRecordings', this.#recordings().length),
    );
  }
}

function answered(prefix: string, operation: string, answers: Record<string, () => string>): string {
  const answer = Object.hasOwn(answers, operation) ? answers[operation] : undefined;
  if (!answer) throw operationUnknown();
  return `<${prefix}:${operation}Response>${answer()}</${prefix}:${operation}Response>`;
}

function informationOf(name: string, { token, source, name: called, span }: StoredRecording): string {
  const about = [leaf('tt:SourceId', source), leaf('tt:Name', called), leaf('tt:Location', '')];
  const times = span
    ? [leaf('tt:EarliestRecording', moment(span.fromMs)), leaf('tt:LatestRecording', moment(span.toMs))]
    : [];
  const track = tag(
    'tt:Track',
    leaf('tt:TrackToken', 'VIDEO001'),
    leaf('tt:TrackType', 'Video'),
    leaf('tt:Description', called),
    leaf('tt:DataFrom', moment(span?.fromMs ?? 0)),
    leaf('tt:DataTo', moment(span?.toMs ?? 0)),
  );
  return tag(
    name,
    leaf('tt:RecordingToken', token),
    tag('tt:Source', ...about, leaf('tt:Description', ''), leaf('tt:Address', '')),
    ...times,
    leaf('tt:Content', called),
    span ? track : '',
    leaf('tt:RecordingStatus', 'Recording'),
  );
}

function moment(atMs: number): string {
  return new Date(atMs).toISOString();
}

function invalid(what: string): SoapFault {
  return new SoapFault(400, 'Sender', ['InvalidArgVal', what], 'Invalid Argument');
}
