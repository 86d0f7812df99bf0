import type { buildConnector as undiciBuildConnector } from 'undici';
import { currentInvocation } from '../engine/current-invocation.ts';

// Replaces undici's connector in functions/shared/pbx/transport.ts; the rest of the agent is real.
export { Agent } from 'undici';

export function buildConnector({
  timeout = 10_000,
}: undiciBuildConnector.BuildOptions): undiciBuildConnector.connector {
  // An agent belongs to the container that made it, and a container has one invocation at a time.
  const owner = currentInvocation.getStore();
  if (owner === undefined) throw new Error('A connection to a PBX outside any function.');
  const { container, world } = owner;
  return ({ hostname }, callback) => {
    const { invocation = owner } = container;
    const line = world.lineTo(hostname);
    if (line === undefined) {
      world.violations.add('nothing leaves for another host', `${owner.name} connects to ${hostname}`);
      callback(new Error('It does not exist.'), null);
      return;
    }
    line.connect(invocation, timeout ?? 10_000).then(
      (end) => {
        const certificate = { fingerprint256: end.certificate };
        const socket = Object.assign(end, { getPeerX509Certificate: () => certificate });
        callback(null, socket as never);
      },
      (error: Error) => callback(error, null),
    );
  };
}
