/** What is printed of an environment that was left running: what to try in it. Every command works there as it stands. */
export const keptPage = `
It goes on running: an Azure with its cluster, the operator, the provisioner and the model. Open a terminal in it:

  npm run walkthrough -- --enter

Look around:
  watch kubectl get workspace,nodes,svc,pods
  kaito describe workspace-mistral-7b-instruct --cluster
  kaito azure doctor -g KaitoLab -n kaito
  az aks nodepool list -g KaitoLab --cluster-name kaito -o table

Talk to the model:
  kaito chat workspace-mistral-7b-instruct --cluster -m "Name three colours."

Give the model an address outside of the cluster:
  kubectl annotate workspace workspace-mistral-7b-instruct kaito.sh/enablelb=True
  kubectl get svc workspace-mistral-7b-instruct

Break it, and see who says what:
  az aks update -g KaitoLab -n kaito --detach-acr kaitolab
  az identity federated-credential delete --name kaito-federated-identity --identity-name ai-toolchain-operator-kaito -g MC_KaitoLab_kaito_westus3 --yes
  kubectl rollout restart deployment/kaito-gpu-provisioner -n kube-system
  kaito azure doctor -g KaitoLab -n kaito

A second model, and the end of the first with its machine:
  kubectl apply -f "$KAITO_CHECKOUT/examples/phi-2.yaml"
  kubectl delete workspace workspace-mistral-7b-instruct

From outside:
  npm run walkthrough -- --from 29    go on from a step; --list shows them
  npm run walkthrough -- --end        end it
`;
