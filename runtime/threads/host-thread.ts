import type { MessagePort } from 'node:worker_threads';
import type { Definitions } from '../../actors/definitions/definition-of.ts';
import { importModule, loadDefinitions } from '../../actors/definitions/load-definitions.ts';
import { SkippedEvents } from '../../actors/evolution/skipped-events.ts';
import { ActorHost } from '../../actors/host/actor-host.ts';
import { VolatileHost } from '../../actors/host/volatile-host.ts';
import { volatileMachines } from '../../actors/host/volatile-machines.ts';
import { installEntropy } from '../../actors/steps/install-entropy.ts';
import { effectFailed, eventSkipped, migrateFailed } from '../observability/channels.ts';
import { publishTransitions } from '../observability/publish-transitions.ts';
import type { HostLog } from '../ports/host-log.ts';
import { isProjectionDefinition } from '../projections/define-projection.ts';
import { isReactorDefinition } from '../projections/define-reactor.ts';
import { encode } from '../protocol/codec.ts';
import type { ThreadServices } from '../protocol/container-blueprint.ts';
import { EmittedGauge } from '../protocol/emitted-gauge.ts';
import { HostBoard } from '../protocol/host-board.ts';
import type { HostControl, HostFindings, HostThreadData } from '../protocol/host-control.ts';
import {
  type HostReceipt,
  readHostRequests,
  writeEmitted,
  writeHostAnswer,
  writeReaderWanted,
} from '../protocol/host-messages.ts';
import { AppendClient } from './append-client.ts';
import { CodeTracer } from './code-tracer.ts';
import { serveControl } from './control-channel.ts';
import { ExternalMemoryBudget } from './external-memory.ts';
import { FramePort } from './frame-port.ts';
import { HostReads } from './host-reads.ts';

/**
 * How often work is compared with what other processes have made of its actor, and actors beyond the bound are dropped
 * that have become idle, in milliseconds.
 */
const tidyMs = 2_000;

/** Serves actors. Loads no native addon, so this thread may be ended at any moment. `load` finds the definitions. */
export async function serveHost(
  control: MessagePort,
  data: HostThreadData,
  load: (modules: readonly string[]) => Promise<HostedModules> = loadModules,
): Promise<HostFindings> {
  const { heartbeat, residentsMax, idleMs } = data;
  const board = new HostBoard(data.board);
  const names = data.isTraced ? new CodeTracer(board) : board;
  const budget = new ExternalMemoryBudget(board, data.externalMemoryMb);
  heartbeat.on('message', (beat: number) => {
    board.beat(beat);
    budget.check();
  });
  installEntropy();
  const { definitions, hasProjections, services = await servicesFor(data) } = await load(data.modules);
  const appends = new AppendClient(data.appends);
  const reads = new HostReads(data.reads, () => answers.send(writeReaderWanted));
  const log: HostLog = {
    append(request, settle, answer) {
      appends.append(request, settle, answer);
      return answer !== null;
    },
    load: (request, sending) => reads.load(request, sending),
  };
  const answers: FramePort = new FramePort(data.requests, (frame) =>
    readHostRequests(frame, (request) =>
      (volatile.hosts(request.address) ? volatile : host).receive(request),
    ),
  );
  const skippedEvents = new SkippedEvents();
  const emitted = new EmittedGauge(data.emitted);
  const answer = (id: number, told: HostReceipt | Error) =>
    answers.send((frame) => writeHostAnswer(frame, id, told));
  const volatile = new VolatileHost({
    machines: volatileMachines,
    answer,
    onTransition: publishTransitions,
  });
  const host = new ActorHost({
    definitions,
    log,
    residentsMax,
    idleMs,
    runtimeId: data.run,
    services,
    convicted: new Set(data.convicted),
    givenUp: new Set(data.givenUp),
    answer,
    onEffectFailed: (address, type, error) => effectFailed.publish({ address, type, error }),
    onEmitted(address, event) {
      if (!emitted.hasListeners) return;
      const encoded = encode(event, `emit "${event.type}"`);
      if (!emitted.enter()) return;
      board.emitting();
      answers.send((frame) => writeEmitted(frame, address, encoded));
    },
    onTransition: publishTransitions,
    reports: {
      skipped: (event) => skippedEvents.add(event) && eventSkipped.publish(event),
      migrateFailed: (failure) => migrateFailed.publish(failure),
    },
    progress: {
      working(id) {
        if (id !== 0) budget.begin();
        board.working(id);
      },
      workingFor: (address) => names.workingFor(address),
      // Before the append leaves: whoever has taken too much is still known, and has written nothing.
      appending(id) {
        budget.check();
        board.appending(id);
      },
      refused: (id) => board.refused(id),
    },
  });
  data.requests.ref();
  setInterval(() => host.residency.sweep(), idleMs).unref();
  setInterval(() => {
    host.refreshWorking();
    host.residency.trim();
  }, tidyMs).unref();

  serveControl<HostControl>(control, {
    readFrom: (port) => reads.readFrom(port),
    settle: () => host.settle(),
    hotSnapshots: () => host.hotSnapshots(),
    residents: () => host.residents,
    closeServices: async () => (await import('./thread-services.ts')).closeServices(services),
    skippedEvents: () => skippedEvents.counts(),
  });
  return { hasProjections };
}

/** What the modules of an application define. */
export interface HostedModules {
  readonly definitions: Definitions;
  /** Whether they export projections, which are for another thread. */
  readonly hasProjections: boolean;
  /** The container of the thread, where it was not made from what they export. */
  readonly services?: ThreadServices;
}

async function loadModules(modules: readonly string[]): Promise<HostedModules> {
  const definitions = await loadDefinitions(modules);
  return { definitions, hasProjections: await exportProjections(modules) };
}

/** Nothing of a container is loaded if there is none. */
async function servicesFor({ container, modules }: HostThreadData): Promise<ThreadServices | undefined> {
  if (container === null) return undefined;
  const { openServices } = await import('./thread-services.ts');
  return openServices(modules, container);
}

/** The modules are loaded already: they are only looked at. */
async function exportProjections(modules: readonly string[]): Promise<boolean> {
  const exported = await Promise.all(modules.map((module) => importModule(module)));
  return exported.some((each) =>
    Object.values(each).some((value) => isProjectionDefinition(value) || isReactorDefinition(value)),
  );
}
