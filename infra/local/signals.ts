/** npm passes on the Ctrl-C that the terminal has sent to both. A person needs longer to press it again. */
const SAME_KEYSTROKE_MS = 500;

/** As shells report a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

/** Resolves at the first Ctrl-C. From then on, another one ends the process. */
export function waitForCtrlC(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const onSignal = () => {
    firstAt ??= performance.now();
    if (performance.now() - firstAt > SAME_KEYSTROKE_MS) process.exit(INTERRUPTED);
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return promise;
}
