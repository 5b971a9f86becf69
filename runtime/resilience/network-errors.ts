/** The system had no way to the other side: nothing of the call has left this computer. */
const unreachable = new Set([
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** A connection ended or did not come about, which may be the other side's fault as well. */
const broken = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENETRESET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Whether a call failed since there is no network, so that the other side cannot have heard of it. */
export function isUnreachable(error: unknown): boolean {
  return hasCode(error, unreachable);
}

/** Whether a call failed as calls do when the network goes away. */
export function isNetworkError(error: unknown): boolean {
  return hasCode(error, unreachable) || hasCode(error, broken);
}

/** Nobody answered in time. */
const silent = new Set(['HOLDFAST_ERR_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** Whether a call failed since nobody answered, which says nothing of the other side if there is no network. */
export function isSilence(error: unknown): boolean {
  try {
    return holdsCode(error, silent, 0) || (error as { name?: unknown } | null)?.name === 'TimeoutError';
  } catch {
    return false;
  }
}

/** Whatever was thrown is looked at, and some of it throws when it is. */
function hasCode(error: unknown, codes: ReadonlySet<string>): boolean {
  try {
    return holdsCode(error, codes, 0);
  } catch {
    return false;
  }
}

/** `fetch` hides the code in a cause, and a connection that tried several addresses in a list. */
function holdsCode(error: unknown, codes: ReadonlySet<string>, depth: number): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string' && codes.has(code)) return true;
  if (holdsCode(cause, codes, depth + 1)) return true;
  return (
    Array.isArray(errors) && errors.length > 0 && errors.every((each) => holdsCode(each, codes, depth + 1))
  );
}
