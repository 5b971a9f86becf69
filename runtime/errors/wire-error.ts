import type { HoldfastErrorCode } from './codes.ts';
import { HoldfastError, isHoldfastError } from './holdfast-error.ts';
import { messageOf } from './message-of.ts';

/** The plain form in which an error crosses threads and is kept on disk: cloning an Error loses its code and class. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: WireError;
}

const causeDepthMax = 5;

/** Turns anything thrown into its plain form. What of it cannot be cloned is left out, or neighbours in its frame would be lost. */
export function toWireError(thrown: unknown, depth = 0): WireError {
  try {
    if (thrown instanceof Error) return plainError(thrown, depth);
  } catch {
    // A proxy that was revoked, or a getter that throws.
  }
  return { name: 'Error', message: describeThrown(thrown) };
}

function plainError(thrown: Error, depth: number): WireError {
  const { name, message, stack, cause } = thrown;
  const code = (thrown as { code?: unknown }).code;
  const details = isHoldfastError(thrown) ? plainDetails(thrown) : undefined;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : messageOf(thrown),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(details === undefined ? {} : { details }),
    ...(cause === undefined || depth >= causeDepthMax ? {} : { cause: toWireError(cause, depth + 1) }),
  };
}

/** The reverse of {@link toWireError}: an error with the same code, details, cause and the stack of its origin. */
export function fromWireError(wire: WireError): Error {
  const cause = wire.cause === undefined ? undefined : fromWireError(wire.cause);
  let error: Error;
  if (wire.code?.startsWith('HOLDFAST_ERR_')) {
    const suffix = ` [${wire.code}]`;
    const message = wire.message.endsWith(suffix) ? wire.message.slice(0, -suffix.length) : wire.message;
    error = new HoldfastError(wire.code as HoldfastErrorCode, message, wire.details ?? {}, cause);
  } else {
    error = new Error(wire.message, cause === undefined ? undefined : { cause });
    error.name = wire.name;
    if (wire.code !== undefined) Object.assign(error, { code: wire.code });
  }
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function plainDetails(error: HoldfastError): Record<string, unknown> | undefined {
  const { name: _name, code: _code, retryable: _retryable, stack: _stack, ...details } = { ...error };
  if (Object.keys(details).length === 0) return undefined;
  try {
    return structuredClone(details);
  } catch {
    return undefined;
  }
}

function describeThrown(thrown: unknown): string {
  try {
    return `a value that is no error was thrown: ${typeof thrown === 'string' ? thrown : JSON.stringify(thrown)}`;
  } catch {
    return `a value that is no error was thrown: ${typeof thrown}`;
  }
}
