import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { messageOf } from '../errors/message-of.ts';
import { nearestName } from '../errors/nearest-name.ts';
import { sentence } from '../errors/sentence.ts';

/** A failure of one of several bindings. */
export interface BindingFailure {
  /** From the binding to the dependency that failed. */
  readonly path: readonly string[];
  /** What its factory or its `dispose` failed with. */
  readonly error: unknown;
}

/** The whole path is in the details. */
function show(path: readonly string[]): string {
  if (path.length <= 12) return path.join(' -> ');
  return [...path.slice(0, 5), `${path.length - 10} more`, ...path.slice(-5)].join(' -> ');
}

export function unknownBinding(name: string, known: readonly string[], by?: string): Error {
  const path = by === undefined ? [name] : [by, name];
  const near = nearestName(name, known);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  const asker = by === undefined ? '' : `, which "${by}" asks for`;
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN',
    `The container binds no "${name}"${asker}.${hint}`,
    { path },
  );
}

export function cycle(path: readonly string[]): Error {
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_CYCLE',
    `These wait for one another: ${show(path)}. Take out of one of them what both need, or ask for it later, when it is used.`,
    { path },
  );
}

export function scopeLeak(path: readonly string[]): Error {
  const [asker, name] = path.length > 1 ? path : [undefined, path[0]];
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_SCOPE',
    asker === undefined
      ? `"${name}" is made once in each scope: ask for it in a scope, scope().get('${name}').`
      : `"${asker}" lives longer than a scope and cannot depend on "${name}", which each scope makes for itself: ${show(path)}. ` +
          `Make "${asker}" scoped too, or hand "${name}" to its methods.`,
    { path },
  );
}

export function notReady(asker: string, name: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_NOT_READY',
    `"${asker}" reads "${name}", which is still being made. Name it as a dependency: eager(['${name}'], …).`,
    { path: [asker, name] },
  );
}

export function notListed(asker: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `The parameter of "${asker}" cannot be listed, copied or spread, since to read is to ask: read each of what it needs by its name.`,
  );
}

/**
 * The error of a binding whose factory failed. What went wrong in a dependency, and was let through, is told with the
 * whole path; what no factory is to blame for stays what it is.
 */
export function initFailed(name: string, error: unknown): Error {
  if (isConfigurationError(error)) return error;
  const inner = isHoldfastError(error, 'HOLDFAST_ERR_CONTAINER_INIT_FAILED') ? error : undefined;
  const path = [name, ...(inner?.path ?? [])];
  const cause = inner === undefined ? error : inner.cause;
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_INIT_FAILED',
    `"${show(path)}" could not be made: ${sentence(messageOf(cause))} The next one to ask for it has it tried again.`,
    { path },
    cause,
  );
}

function isConfigurationError(error: unknown): error is Error {
  return (
    isHoldfastError(error, 'HOLDFAST_ERR_CONTAINER_CYCLE') ||
    isHoldfastError(error, 'HOLDFAST_ERR_CONTAINER_SCOPE') ||
    isHoldfastError(error, 'HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN') ||
    isHoldfastError(error, 'HOLDFAST_ERR_CONTAINER_NOT_READY')
  );
}

export function warmUpFailed(failures: readonly BindingFailure[], total: number): Error {
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED',
    `${failures.length} of ${total} could not be made: ${failures.map(inWords).join('; ')}.`,
    { failures },
    failures[0]?.error,
  );
}

export function disposeFailed(failures: readonly BindingFailure[]): Error {
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED',
    `The container is closed, but not everything could be disposed: ${failures.map(inWords).join('; ')}.`,
    { failures },
    failures[0]?.error,
  );
}

function inWords({ path, error }: BindingFailure): string {
  return `"${show(path)}": ${messageOf(error)}`;
}

export function closed(name?: string): Error {
  const what = name === undefined ? '' : ` "${name}" cannot be asked for any more.`;
  return holdfastError('HOLDFAST_ERR_CLOSED', `The container is closed.${what}`);
}

export function tookTooLong(timeoutMs: number): Error {
  return holdfastError('HOLDFAST_ERR_TIMEOUT', `It took longer than ${timeoutMs} ms.`);
}
