import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { readAccessSettings } from '../shared/config/access-settings.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { type ApiEvent, toRequest, toResult } from './api.ts';
import { compose } from './compose.ts';
import { envSchema } from './env.ts';
import { createRouter } from './router.ts';
import { createRoutes } from './routes.ts';

const env = parseSettings('The environment', envSchema, process.env);
const settings = readAccessSettings(env.ACCESS_FILE);
const { deps, identify } = compose(env, settings);
const respond = createRouter(createRoutes(deps), identify, settings.origin);

export const handler = async (event: ApiEvent): Promise<APIGatewayProxyStructuredResultV2> =>
  toResult(await respond(toRequest(event)));
