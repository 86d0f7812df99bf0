import { onTestFinished } from 'vitest';
import { type SimulatedPbx, startSimulatedPbx } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { identity } from '../../simulated-pbx/harness.ts';

export async function startPbx(options: Parameters<typeof startSimulatedPbx>[0] = {}): Promise<SimulatedPbx> {
  const pbx = await startSimulatedPbx({ tls: identity, repeatDelay: 200, maxReports: 100, ...options });
  onTestFinished(() => pbx.close());
  return pbx;
}

export const argsFor = (
  pbx: Pick<SimulatedPbx, 'url' | 'fingerprint256'>,
  port: number,
  directory: string,
) => [
  ...['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256],
  ...['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', directory],
];

export const withoutFingerprint = (args: string[]) =>
  args.filter((arg) => !/fingerprint|^[0-9A-F:]{95}$/.test(arg));

export const PASSWORD = { PBX_PASSWORD: 'pbx-password' };
