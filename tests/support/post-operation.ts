import type { OperationContext } from 'holdfast';

/** Sends an operation to a receiver that counts, as an application would: anything but 2xx is an error with its status. */
export async function postOperation(url: string, context: OperationContext): Promise<void> {
  const { idempotencyKey, orderKey, signal } = context;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'idempotency-key': idempotencyKey, 'order-key': orderKey ?? '' },
    body: idempotencyKey,
    signal,
  });
  await response.arrayBuffer();
  const { ok, status, headers } = response;
  if (!ok) throw Object.assign(new Error(`answered ${status}`), { status, headers });
}
