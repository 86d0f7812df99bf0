import { expect, onTestFinished, test, vi } from 'vitest';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { identity } from '../simulated-pbx/harness.ts';
import { logged, startHostOf } from './start-host.ts';
import { makeDirectory } from './start-process.ts';

const HOUR_MS = 3_600_000;

test('the local host archives calls that were not reported: on request, and every hour by itself', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const pbx = await startSimulatedPbx({ tls: identity });
  onTestFinished(() => pbx.close());
  const host = await startHostOf(pbx, await makeDirectory());
  const makeUnreportedCall = () =>
    pbx.makeCall({ from: '1001', to: '1003', talkSeconds: 1, startedAt: Date.now() - HOUR_MS });

  const first = makeUnreportedCall();
  const archived = logged('archived');
  expect((await host.reconcile({ hours: 24 })).pbxs).toMatchObject([
    { pbx: 'office', outcome: 'reconciled', found: 1, queued: 1 },
  ]);
  expect(await archived).toMatchObject({ recording: first.recording });

  const second = makeUnreportedCall();
  const archivedToo = logged('archived');
  const reconciled = logged('reconciled');
  vi.advanceTimersByTime(HOUR_MS);
  expect(await reconciled).toMatchObject({ pbx: 'office', found: 2, present: 1, queued: 1 });
  expect(await archivedToo).toMatchObject({ recording: second.recording });
});
