import { AsyncLocalStorage } from 'node:async_hooks';
import type { Invocation } from '../aws/invocation.ts';

/** The invocation that the running code belongs to. */
export const currentInvocation = new AsyncLocalStorage<Invocation>();
