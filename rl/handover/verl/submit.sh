#!/bin/bash
# Several machines: on the first "ray start --head", on the others "ray start --address=HEAD:6379", then this on the first:
#   HEAD=10.0.0.1 bash submit.sh trainer.nnodes=2
set -euo pipefail
cd "$(dirname "$0")"
ray job submit --address="http://${HEAD:-127.0.0.1}:8265" --working-dir . -- \
  python3 -m verl.trainer.main_ppo --config-dir=. --config-name=attnlab "$@"
