export { createNeighbourWatch, type NeighbourOptions, type NeighbourWatch } from './neighbour.ts';
export { partOf, partOfLabel } from './operators.ts';
