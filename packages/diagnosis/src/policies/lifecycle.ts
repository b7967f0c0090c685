import { type Policy, kaito } from './policy.ts';

/** A person asked for the Workspace's end. */
export const beingDeleted: Policy = ({ evidence }) =>
  evidence.deleting === true
    ? {
        code: 'Deleting',
        message:
          evidence.process?.pid === undefined
            ? 'the Workspace is being deleted'
            : 'the Workspace is being deleted: the server ends its running requests first',
        needs: 'time',
      }
    : undefined;

/** The server was told to stop, and ends its running requests. */
export const draining: Policy = (view) =>
  view.evidence.process?.pid !== undefined && view.evidence.process.readiness === 'draining'
    ? {
        code: 'Draining',
        message: 'the server takes no new requests and ends those that run',
        needs: 'time',
        remedy: `follow it: ${kaito(view, 'get', '--watch')}`,
      }
    : undefined;

/** The supervisor was killed, or the machine restarted: nothing would start the server again. */
export const supervisorGone: Policy = (view) =>
  view.evidence.supervisor === 'gone'
    ? {
        code: 'SupervisorGone',
        message: 'nothing looks after the server any more: its supervisor was stopped, or the machine was restarted',
        needs: 'person',
        remedy: `start it again: kaito up -f <manifest>, or remove it: ${kaito(view, 'down')}`,
      }
    : undefined;
