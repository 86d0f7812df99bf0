// Replaces `undici` in the functions' bundles: as much of it as they use. Its parts are CommonJS, of which esbuild leaves
// out nothing that is imported; and the alias holds for `undici/lib` as well, hence the paths. If a release moves one of
// these files, `cdk synth` fails.
import request from '../../node_modules/undici/lib/api/api-request.js';
import buildConnector from '../../node_modules/undici/lib/core/connect.js';
import Agent from '../../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js';

// As undici's own index does for its whole API.
Dispatcher.prototype.request = request;

export { Agent, buildConnector };
