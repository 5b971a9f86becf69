import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads';

/** How threads are made, and what they talk over. */
export interface Threading {
  startWorker(file: URL | string, options: WorkerOptions): Worker;
  createChannel(): MessageChannel;
  /** Takes the next message that waits at a port, if there is one. */
  receive(port: MessagePort): { readonly message: unknown } | undefined;
}

/** The threads of the system. */
export const systemThreading: Threading = {
  startWorker: (file, options) => new Worker(file, options),
  createChannel: () => new MessageChannel(),
  receive: (port) => receiveMessageOnPort(port) as { message: unknown } | undefined,
};

let current = systemThreading;

/** How this runtime makes threads: those of the system, unless a simulation has put others in their place. */
export function threading(): Threading {
  return current;
}

/** Hands on what has arrived at a port and was not heard yet: the end of a thread may overtake what it has sent. */
export function takeArrived<Message>(port: MessagePort, hear: (message: Message) => void): void {
  for (;;) {
    const arrived = current.receive(port);
    if (arrived === undefined) return;
    hear(arrived.message as Message);
  }
}

/** Has threads be made in another way from now on. Returns how to go back. */
export function replaceThreading(by: Threading): () => void {
  const before = current;
  current = by;
  return () => {
    current = before;
  };
}
