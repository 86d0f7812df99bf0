import { onTestFinished } from 'vitest';
import { type LogLine, logChannel } from '../../../functions/shared/telemetry/log.ts';
import { startHost } from '../../../infra/local/host.ts';
import type { SimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';

/** The local host of one PBX, `office`, in this process, until the test ends. */
export async function startHostOf({ url, fingerprint256 }: SimulatedPbx, directory: string) {
  const host = await startHost({
    directory,
    port: 0,
    hostname: '127.0.0.1',
    bucket: 'recordings',
    jobDelaySeconds: 0,
    pbxs: {
      office: {
        baseUrl: url,
        reportUrl: 'http://{host}',
        tls: { fingerprint256 },
        credentials: { username: 'api', password: 'pbx-password' },
      },
    },
  });
  onTestFinished(() => host.close());
  return host;
}

/** Resolves to the next log line with this event. */
export function logged(event: string): Promise<LogLine> {
  const { promise, resolve } = Promise.withResolvers<LogLine>();
  const listen = (line: unknown) => {
    if ((line as LogLine).event === event) resolve(line as LogLine);
  };
  logChannel.subscribe(listen);
  return promise.finally(() => logChannel.unsubscribe(listen));
}
