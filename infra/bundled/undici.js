// Replaces `undici` in the functions' bundles with the parts that they use. undici is CommonJS, which esbuild cannot
// tree-shake. The imports are file paths, because the alias applies to `undici/lib` as well. If a release of undici
// moves one of these files, `cdk synth` fails.
import request from '../../node_modules/undici/lib/api/api-request.js';
import buildConnector from '../../node_modules/undici/lib/core/connect.js';
import Agent from '../../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js';

// undici's own index does this for its whole API.
Dispatcher.prototype.request = request;

export { Agent, buildConnector };
