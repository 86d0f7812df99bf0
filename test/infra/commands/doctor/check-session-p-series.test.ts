import { expect, test } from 'vitest';
import { startSimulatedPSeries } from '../../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { identity } from '../../simulated-pbx/harness.ts';
import { diagnose, OK, PASSWORD, statuses, TO_DO, UNKNOWN } from './pbx-session-harness.ts';

test('each thing that can be wrong with a P-Series is found where it is', async () => {
  const clientSecret = PASSWORD;
  const pbxs = {
    good: await startSimulatedPSeries({ tls: identity, clientSecret, serialNumber: '3631A2208123' }),
    cloud: await startSimulatedPSeries({ tls: identity, clientSecret, firmware: '84.20.0.21' }),
    late: await startSimulatedPSeries({ tls: identity, clientSecret, now: () => Date.now() - 3_600_000 }),
    abroad: await startSimulatedPSeries({ tls: identity, clientSecret, timeZone: 'Asia/Kathmandu' }),
    off: await startSimulatedPSeries({ tls: identity, clientSecret }),
    planless: await startSimulatedPSeries({ tls: identity, clientSecret }),
    closed: await startSimulatedPSeries({ tls: identity, clientSecret, allowedAddresses: ['192.0.2.1'] }),
    blocked: await startSimulatedPSeries({ tls: identity, clientSecret }),
  };
  await using cleanup = new AsyncDisposableStack();
  for (const pbx of Object.values(pbxs)) cleanup.defer(() => pbx.close());
  pbxs.off.refuse('get_token', 70123);
  pbxs.planless.refuse('get_token', 10001);
  pbxs.blocked.refuse('get_token', 70004);
  const tls = { fingerprint256: pbxs.good.fingerprint256 };
  const family = 'p-series';
  const settings = Object.entries(pbxs).map(([id, { url }]) => [id, { family, baseUrl: url, tls }]);
  const refused = { family, baseUrl: pbxs.good.url, tls };
  const found = await diagnose(Object.fromEntries([...settings, ['refused', refused]]), {
    refused: 'another-secret',
  });

  const { good, cloud, late, abroad } = found;
  expect(Object.values(statuses(good ?? {}))).toEqual([OK, OK, OK, OK, OK, OK]);
  expect(good?.device.text).toBe(
    'Simulated P-Series, Appliance Edition, firmware 37.20.0.21, serial number 3631A2208123',
  );
  expect(statuses(cloud ?? {})).toMatchObject({ certificate: TO_DO, session: OK, device: OK });
  expect(cloud?.certificate.text).toMatch(/Cloud Edition.*Remove tls/);
  expect(statuses(late ?? {})).toMatchObject({ session: OK, clock: TO_DO });
  expect(late?.clock.text).toMatch(/Set the time server/);
  expect(abroad?.clock).toEqual({
    status: TO_DO,
    text: expect.stringMatching(
      /^It is right, but shows a time that is 20[67]\d\d s ahead of that in UTC\. Correct timeZone in cdk\.json, then deploy\.$/,
    ),
  });
  for (const [id, text] of [
    ['off', /turned off.*Integrations > API.*Enterprise or Ultimate Plan/],
    ['planless', /Enterprise or Ultimate Plan.*P550, P560 and P570/],
    ['closed', /address.*IP Restriction\. The address is that of this test\. See pbx-70087/],
    ['blocked', /address.*Blocked IPs\. The address is that of this test\. See pbx-70004/],
  ] as const) {
    expect(statuses(found[id] ?? {})).toMatchObject({ api: TO_DO, session: UNKNOWN, device: UNKNOWN });
    expect(found[id]?.api.text).toMatch(text);
  }
  expect(statuses(found.refused ?? {})).toMatchObject({ api: UNKNOWN, session: TO_DO });
  expect(found.refused?.session.text).toMatch(/client ID or the client secret/);
});
