import { exitCode, type ExitCode } from '../failure.ts';
import type { Session } from '../session.ts';
import { savedTarget, saveTarget } from '../workspace/target.ts';

/** `kaito use`: shows or saves where commands act. Throws Failure for a context that does not exist. */
export async function use({ terminal }: Session, target: string | undefined): Promise<ExitCode> {
  if (target != null) {
    if (target !== 'local' && target !== 'cluster') await requireContext(target, terminal.env);
    await saveTarget(target);
  }
  const saved = await savedTarget();
  const where =
    saved === 'local'
      ? 'on this machine (local)'
      : saved === 'cluster'
        ? "on the cluster of the kubeconfig's current context (cluster)"
        : `on the cluster of context ${saved.slice('context/'.length)}`;
  terminal.out(`Commands act ${where}.\n`);
  return exitCode.done;
}

async function requireContext(context: string, env: Session['terminal']['env']): Promise<void> {
  const { loadConfig, systemClock } = await import('@kaito/kube');
  const { explained } = await import('../cluster/explain.ts');
  try {
    loadConfig({ clock: systemClock, env, context, terminal: false });
  } catch (error) {
    throw explained(error);
  }
}
