import { join } from 'node:path';
import type { DemoName } from '../shared/demos.ts';
import {
  type PSeriesCallOptions,
  startSimulatedPSeries,
} from '../simulated-pbx/p-series/simulated-p-series.ts';
import { type CallOptions, startSimulatedPbx } from '../simulated-pbx/simulated-pbx.ts';
import { generateSpeech } from '../simulated-pbx/speech.ts';
import type { LocalPbx } from './register-pbxs.ts';
import { generateSecret } from './resources.ts';

/** A call that has just ended. */
export interface DemoCall {
  /** Id of its PBX. */
  pbx: string;
  from: string;
  to: string;
  talkSeconds: number;
  recording: string;
  bytes: Buffer;
  /** Posts the PBX's report of it. */
  report(): Promise<unknown>;
}

/** A simulated PBX, whatever its family. */
export interface DemoPbx {
  id: string;
  url: string;
  fingerprint256: string;
  /** For people. */
  model: string;
  settings: LocalPbx;
  /**
   * Does what a person has to do in its web page, if anything, so that it posts its reports to this host; returns their
   * URL then. `webhook` is the URL of the host, without a path.
   */
  reportTo(webhook: string): string | undefined;
  makeCall(number: number): DemoCall;
  close(): Promise<void>;
}

interface ExampleCall extends PSeriesCallOptions {
  talkSeconds: number;
  fields?: CallOptions['fields'] & {};
}

const EXAMPLE_CALLS: ExampleCall[] = [
  { from: '+49 30 901820', to: '1000', type: 'Inbound', talkSeconds: 9 },
  { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  { from: '1002', to: '*43#', type: 'Outbound', talkSeconds: 6 },
];

const exampleOf = (number: number): ExampleCall =>
  EXAMPLE_CALLS[number % EXAMPLE_CALLS.length] ?? { from: '1001', to: '1003', talkSeconds: 4 };

/** The trunk of a call from or to outside, in the field of the PBX's family. */
function trunkOf({ type }: ExampleCall, source: string, destination: string): Record<string, string> {
  if (type === 'Internal') return {};
  return { [type === 'Outbound' ? destination : source]: 'Berlin' };
}

const sSeries = { id: 'demo', start: startSSeries };
const pSeries = { id: 'demo-p-series', start: startPSeries };

const PBXS: Record<DemoName, { id: string; start: typeof startSSeries }[]> = {
  's-series': [sSeries],
  'p-series': [pSeries],
  mixed: [sSeries, pSeries],
};

export const hasSeveralPbxs = (demo: DemoName) => PBXS[demo].length > 1;

/** Starts what a demo shows, each with its state in `directory`. */
export const startDemoPbxs = (demo: DemoName, directory: string): Promise<DemoPbx[]> =>
  Promise.all(PBXS[demo].map(({ id, start }) => start(id, directory)));

async function startSSeries(id: string, directory: string): Promise<DemoPbx> {
  const credentials = { username: 'api', password: generateSecret() };
  const pbx = await startSimulatedPbx({ ...credentials, directory: join(directory, 'simulated-pbx') });
  const { url, fingerprint256 } = pbx;
  return {
    id,
    url,
    fingerprint256,
    model: 'S-Series',
    // The login tells the PBX.
    reportTo: () => undefined,
    settings: { baseUrl: url, reportUrl: 'http://{host}', tls: { fingerprint256 }, credentials },
    makeCall(number) {
      const call = exampleOf(number);
      const made = pbx.makeCall({ ...call, fields: trunkOf(call, 'srctrunkname', 'dsttrunkname') });
      return { pbx: id, ...call, ...made, report: () => pbx.postReport(made.report) };
    },
    close: () => pbx.close(),
  };
}

async function startPSeries(id: string, directory: string): Promise<DemoPbx> {
  const credentials = { clientId: 'demo', clientSecret: generateSecret() };
  const pbx = await startSimulatedPSeries({
    ...credentials,
    directory: join(directory, 'simulated-p-series'),
  });
  const { url, fingerprint256 } = pbx;
  // A person finds it in the web page of the PBX, which makes it.
  const signatureSecret = pbx.setWebhook('');
  return {
    id,
    url,
    fingerprint256,
    model: 'P-Series',
    reportTo(webhook) {
      const reportUrl = `${webhook}/reports/${id}/p-series`;
      pbx.setWebhook(reportUrl);
      return reportUrl;
    },
    settings: {
      family: 'p-series',
      baseUrl: url,
      reportUrl: 'http://{host}',
      tls: { fingerprint256 },
      credentials: { ...credentials, signatureSecret },
    },
    makeCall(number) {
      const call = exampleOf(number);
      const made = pbx.makeCall({
        ...call,
        // Other words than those of the S-Series: a recording of the wrong PBX would be noticed.
        recording: generateSpeech({ seconds: call.talkSeconds, seed: 1000 + number }),
        fields: trunkOf(call, 'src_trunk_name', 'dst_trunk_name'),
      });
      return { pbx: id, ...call, ...made, report: () => pbx.postReport(made.report) };
    },
    close: () => pbx.close(),
  };
}
