/**
 * What a runtime is doing. `running`: takes commands. `draining`: closes, and waits for what it has taken. `closing`: ends its
 * threads. `closed`: has nothing any more. `failed`: its store thread ended by itself, so nothing can be made durable; open
 * another. `opening` is over before `createRuntime` resolves.
 */
export type RuntimeState = 'opening' | 'running' | 'draining' | 'closing' | 'closed' | 'failed';
