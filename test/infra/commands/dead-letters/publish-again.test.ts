import { expect, test } from 'vitest';
import { createEventBridgeClient } from '../../../../functions/shared/aws-clients.ts';
import { publishAgain } from '../../../../infra/commands/dead-letters/publish-again.ts';
import '../../../functions/aws-services.ts';
import { useEventBridge } from '../../../functions/event-bridge.ts';
import { undeliveredEvent } from './example-dead-letter.ts';

const { published, state } = await useEventBridge();
const { 'detail-type': type, time, detail } = undeliveredEvent;

test('an event is put on the default bus as it was, with the time and the id that it had', async () => {
  await publishAgain(createEventBridgeClient(), { type, time, detail });
  expect(published).toEqual([
    { bus: 'default', source: 'pbx-recording-archive', type, time: Date.parse(time) / 1000, detail },
  ]);
});

test('an event that EventBridge does not accept is an error, although the response has status 200', async () => {
  state.refuse = true;
  await expect(publishAgain(createEventBridgeClient(), { type, time, detail })).rejects.toMatchObject({
    code: 'InternalFailure',
  });
});
