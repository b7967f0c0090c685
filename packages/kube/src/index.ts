export type * from './client/client.ts';
export * from './client/errors.ts';
export * from './clock.ts';
export * from './controller/reconcile.ts';
export type * from './events/recorder.ts';
export type * from './informer/informer.ts';
export * from './logger.ts';
export type * from './manager/runnable.ts';
export * from './object.ts';
