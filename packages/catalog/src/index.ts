export * from './catalog.ts';
export * from './machine.ts';
export * from './model.ts';
export * from './suggest.ts';
