/** How a real node gets its images. */
export interface RegistryAccess {
  /** URL of a registry that is asked for every name. */
  readonly mirror?: string;
  /** Files with certificates (PEM) of the authorities that registries and credential providers are trusted by, in place of the machine's own. */
  readonly authorities?: readonly string[];
  /** The kubelet's exec protocol: its configuration file, and the folder of the programs that it names. */
  readonly credentialProvider?: { readonly config: string; readonly folder: string };
}

/** A node with a kubelet, containerd, runc and kube-proxy of its own. It has all cores and all memory of the machine. */
export interface RealNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** As kubectl writes them: `key=value:Effect`. */
  readonly taints?: readonly string[];
  /** What the stand-in of NVIDIA's device plugin offers as `nvidia.com/gpu` once a pod of it runs there; default 0. */
  readonly gpus?: number;
  /** Value of the label node.kubernetes.io/instance-type. */
  readonly instanceType?: string;
  /** Capacity that is reported as ephemeral-storage, GiB; nothing is held back for it. Default: the machine's disk. */
  readonly diskGiB?: number;
  readonly providerId?: string;
  /** What its network takes in, megabits a second: how long its images take to come. Default: as fast as they can. */
  readonly downloadMbit?: number;
  /** Files with images (OCI layout or docker archive in a tar) that are there before the first pod, beside those of `builtInImages`. */
  readonly images?: readonly string[];
  readonly registry?: RegistryAccess;
}

/** What the supervisor is told to start. */
export interface RealNodeOrder {
  readonly node: RealNode;
  /** Files with images. */
  readonly images: readonly string[];
  readonly coredns: string;
  /** Folder with the CNI plugins. */
  readonly cni: string;
  /** Under which containerd, runc and nft are found. */
  readonly environment: { readonly PATH: string; readonly LD_LIBRARY_PATH: string };
}
