/**
 * An iteration that may wait for ever and can still be left at any moment: `return` and `throw`, which a stream made of it
 * calls when it is destroyed, stop what it waits for. A generator by itself would first go on to its next `yield`. Each of
 * the signals stops it too.
 */
export function stoppable<Value>(
  generate: (stop: AbortSignal) => AsyncGenerator<Value, void, void>,
  ...signals: (AbortSignal | undefined)[]
): AsyncGenerator<Value, void, void> {
  const end = new AbortController();
  const values = generate(AbortSignal.any([end.signal, ...signals.filter((signal) => signal !== undefined)]));
  for (const leave of ['return', 'throw'] as const) {
    const left = values[leave];
    values[leave] = (given) => {
      end.abort();
      return left.call(values, given);
    };
  }
  return values;
}
