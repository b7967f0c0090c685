/** What is completed by looking: Workspaces on this machine, presets, machine types, quantisations. Gives nothing where the look fails. */
export async function namesOf(
  kind: 'NAME' | 'PRESET' | 'MODEL' | 'MACHINE' | 'QUANTISATION',
): Promise<{ value: string; text?: string }[]> {
  try {
    if (kind === 'NAME') {
      const { list } = await import('@kaito/local');
      return (await list()).map(({ name, assessment }) => ({ value: name, text: assessment.state }));
    }
    const { loadCatalog } = await import('@kaito/catalog');
    const { models, machines } = loadCatalog();
    if (kind === 'MACHINE') return machines.map(({ name }) => ({ value: name }));
    if (kind !== 'QUANTISATION') return models.map(({ name, title }) => ({ value: name, text: title }));
    const all = models.flatMap((model) => (model.kind === 'gguf' ? model.quantisations.map(({ name }) => name) : []));
    return [...new Set(all)].toSorted().map((value) => ({ value }));
  } catch {
    return [];
  }
}
