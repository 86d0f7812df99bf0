// Stands in for `undici` in the bundles of the functions: as much of it as they use. Its parts are CommonJS, of
// which esbuild leaves out nothing that is imported; and an alias holds for `undici/lib` as well, hence the paths.
import request from '../../node_modules/undici/lib/api/api-request.js';
import buildConnector from '../../node_modules/undici/lib/core/connect.js';
import Agent from '../../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js';

// As undici's own index does it, for all of its API.
Dispatcher.prototype.request = request;

export { Agent, buildConnector };
