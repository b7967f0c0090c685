export { runProvisioner } from './provisioner.ts';
