import '../node-version.ts';
import { compileEarly } from './compile-early.ts';

// The door of `holdfast/container`: what a program is made of, made when it is needed.
export type { MonotonicClock } from '../ports/monotonic-clock.ts';
export type { AnyBlueprint, BindingKind } from '../protocol/container-blueprint.ts';
export { type Binding, eager, given, lazy, scoped } from './binding.ts';
export type { Blueprint, Deps } from './blueprint.ts';
export type { Container, GetOptions, Scope, Services } from './container.ts';
export type { BindingFailure } from './container-errors.ts';
export type { BindingReport } from './container-report.ts';
export { type ContainerOf, createContainer } from './create-container.ts';
export { type BlueprintOf, defineContainer } from './define-container.ts';
export type { BindingOptions, FactoryContext } from './factory-context.ts';
export type { ContainerOptions } from './open-container.ts';
export { servicesOf } from './services-of.ts';
export type { BindingStatus } from './slot.ts';
export type { WarmUpOptions, WarmUpProgress } from './warm-up.ts';

compileEarly();
