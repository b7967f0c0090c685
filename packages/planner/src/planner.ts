import { admitted } from '@kaito/api';
import { type Catalog, formatBytes, GiB } from '@kaito/catalog';
import { otherMachines, smallerModels } from './alternatives.ts';
import { checks } from './checks/index.ts';
import { type ChosenModel, chooseModel, describeModel } from './choose-model.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { type Hardware, hardwareOf, hostGpus, hostMemory } from './hardware.ts';
import { hashInputs } from './hash.ts';
import { Notes } from './notes.ts';
import { estimatePhases } from './phases.ts';
import { chooseMachine, choosePlacement, type MachineChoice } from './placement.ts';
import type { Plan, PlanOptions } from './plan.ts';
import { priceOf } from './price.ts';
import { readRequest, type Request } from './request.ts';
import { chooseImage, imageRuntime, serverRuntime } from './runtime.ts';
import { type Fit, fitModel, layersOnGpus, shapeOf } from './shape.ts';
import { checkTemplate, templateGpus, templateRuntime, templateShape } from './template.ts';
import { notRunnableHere } from './not-runnable-here.ts';
import type { Workspace } from '@kaito/api';

/** What a Plan holds beside the things that every Plan has. */
type Choices = Pick<Plan, 'model' | 'runtime' | 'shape' | 'placement' | 'memory' | 'pricePerHour'> &
  Pick<Plan, 'alternatives' | 'phases'>;

const nothing: Choices = { alternatives: [], phases: [] };

/** Disk beside the weights of a GGUF model, for the server's image and logs, GiB. Our choice. */
const diskBesideWeightsGiB = 10;

/**
 * Decides how a Workspace is carried out, and says why, what stands against it and what would also work. Pure: no I/O, no clock; equal input gives
 * an equal Plan. Never throws: what is wrong is a finding, and only what cannot become right without an edit is an error. The Workspace should
 * have passed `validateWorkspace`, whose findings are not repeated here.
 *
 * More facts of the cluster or the cloud never change model, runtime or shape; they may lower `machinesWanted` and add findings.
 */
export function plan(workspace: Workspace, catalog: Catalog, facts: Facts, options: PlanOptions): Plan {
  const notes = new Notes();
  const request = readRequest(workspace);
  const model = chooseModel(request, catalog, options, notes);
  const machine = chooseMachine(request, catalog, options, notes);
  const choices =
    model !== undefined
      ? planModel({ request, catalog, facts, options, model, machine }, notes)
      : request.preset === undefined
        ? planTemplate(request, machine, facts, options, notes)
        : nothing;
  return {
    workspace: { name: request.name, namespace: request.namespace },
    target: options.target,
    admitted: admitted(notes.findings),
    findings: notes.findings,
    ...choices,
    decisions: notes.decisions,
    inputsHash: hashInputs(
      request,
      { model: model?.entry, machine: machine.kind === 'known' ? machine.type : undefined },
      options,
    ),
  };
}

type Start = Pick<Draft, 'request' | 'catalog' | 'facts' | 'options' | 'model' | 'machine'>;

function planModel(start: Start, notes: Notes): Choices {
  const { request, facts, options, model, machine } = start;
  const { entry } = model;
  if (options.target === 'local' && entry.kind === 'image') return notRunnableHere(start, notes);
  const hardware = chooseHardware(start);
  const fit = fitModel(model, hardware, request.count, options);
  const needs = { gpu: fit?.layout.device === 'gpu', diskGiB: diskOf(model, options) };
  const placement = choosePlacement(request, machine, needs, facts, options, notes);
  const draft: Draft = { ...start, hardware, fit, placement, alternatives: alternativesTo(start, hardware, fit) };
  for (const check of checks) check(draft, notes);
  const image = entry.kind === 'image' ? chooseImage(entry, request, options, notes) : undefined;
  const price =
    machine.kind === 'known' && placement.machinesWanted > 0
      ? priceOf(machine.type, placement.machinesWanted)
      : undefined;
  const common = {
    model: describeModel(model),
    placement,
    alternatives: draft.alternatives,
    phases: estimatePhases(model, machine, placement, options),
    ...(price === undefined ? {} : { pricePerHour: price }),
  };
  if (fit === undefined) return common;
  const shape = { ...shapeOf(fit, request.count, options, hardware?.cores), ...gpuLayers(start, fit) };
  explainShape(draft, fit, notes);
  const runtime =
    entry.kind === 'gguf'
      ? serverRuntime(model, shape, request, options, notes)
      : image === undefined
        ? undefined
        : imageRuntime(entry, image, fit, request, notes);
  return { ...common, shape, memory: fit.account, ...(runtime === undefined ? {} : { runtime }) };
}

/** Where the model's memory is: on this machine its GPUs if they hold all of it, else its RAM; in a cluster as the machine type says. */
function chooseHardware({ facts, options, model, machine, request }: Start): Hardware | undefined {
  if (options.target === 'cluster') {
    if (machine.kind === 'known') return hardwareOf(machine.type, model.entry.kind);
    // Azure's machine types with GPUs are the families that begin with N.
    const gpu = model.entry.kind === 'image' || /^Standard_N/i.test(request.instanceType);
    return { device: gpu ? 'gpu' : 'host', label: request.instanceType || 'a node' };
  }
  if (facts.host.state !== 'known') return undefined;
  const host = facts.host.value;
  const gpus = hostGpus(host);
  if (gpus !== undefined && fitModel(model, gpus, 1, options)?.account.fits === true) return gpus;
  return hostMemory(host);
}

/** For a server on this machine: how many layers its GPUs hold. */
function gpuLayers({ facts, options, model }: Start, fit: Fit): { gpuLayers?: number } {
  if (options.target !== 'local' || facts.host.state !== 'known') return {};
  const gpus = hostGpus(facts.host.value);
  if (gpus === undefined) return { gpuLayers: 0 };
  // llama.cpp counts the output stage as one layer more.
  return { gpuLayers: fit.layout.device === 'gpu' ? model.entry.architecture.layers + 1 : layersOnGpus(fit, gpus) };
}

function alternativesTo(
  { request, catalog, options, model, machine }: Start,
  hardware: Hardware | undefined,
  fit: Fit | undefined,
): Plan['alternatives'] {
  const refused =
    fit === undefined || fit.account.fits === false || (machine.kind === 'known' && hardware === undefined);
  const equivalentOn = machine.kind === 'known' ? hardwareOf(machine.type, 'gguf') : undefined;
  const smaller = refused ? smallerModels(model, hardware, equivalentOn, catalog, options) : [];
  const rents = options.target === 'cluster' && machine.kind !== 'existing';
  const machines = rents ? otherMachines(model, request, catalog, options) : [];
  return model.entry.kind === 'gguf' ? [...smaller, ...machines] : [...machines, ...smaller];
}

function diskOf({ entry, quantisation }: ChosenModel, options: PlanOptions): number {
  if (entry.kind === 'image') return entry.diskGiB;
  const weights = Math.ceil((quantisation?.bytes ?? 0) / GiB);
  return options.target === 'local' ? weights : weights + diskBesideWeightsGiB;
}

function explainShape({ model, hardware }: Draft, fit: Fit, notes: Notes): void {
  const { gpusPerPod, layout, account } = fit;
  const { entry } = model;
  const needed = `${formatBytes(account.requiredBytes)} needed`;
  const offered =
    account.usableBytes === undefined ? 'what it offers is not known' : `${formatBytes(account.usableBytes)} usable`;
  if (layout.device === 'host') {
    notes.decide('device', hardware?.label ?? 'CPU', `the model runs on the CPU: ${needed} of RAM, ${offered}`);
    return;
  }
  const why =
    entry.kind === 'image' && entry.workload === 'StatefulSet'
      ? `the weights are cut for ${entry.worldSize} GPUs over ${fit.nodes} machines`
      : entry.kind === 'image' && gpusPerPod === entry.gpuCount
        ? 'the preset asks for so many'
        : 'so many carry the model';
  notes.decide('GPUs per pod', String(gpusPerPod), `${why}: ${needed} on the fullest, ${offered}`);
}

function planTemplate(
  request: Request,
  machine: MachineChoice,
  facts: Facts,
  options: PlanOptions,
  notes: Notes,
): Choices {
  if (request.template === undefined) {
    notes.error(
      'NothingToRun',
      'inference',
      'The Workspace names neither a preset nor a pod template.',
      'Add inference.preset.name; `kaito models` lists the names.',
    );
    return nothing;
  }
  const gpus = templateGpus(request.template);
  checkTemplate(request, gpus, machine, options, notes);
  if (options.target === 'local') return nothing;
  const placement = choosePlacement(request, machine, { gpu: gpus > 0, diskGiB: 0 }, facts, options, notes);
  const price =
    machine.kind === 'known' && placement.machinesWanted > 0
      ? priceOf(machine.type, placement.machinesWanted)
      : undefined;
  return {
    runtime: templateRuntime,
    shape: templateShape(gpus, request),
    placement,
    alternatives: [],
    phases: estimatePhases(undefined, machine, placement, options),
    ...(price === undefined ? {} : { pricePerHour: price }),
  };
}
