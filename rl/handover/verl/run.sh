#!/bin/bash
# One machine with eight GPUs. Further arguments override the configuration: bash run.sh actor_rollout_ref.model.path=Qwen/Qwen3-1.7B
set -euo pipefail
cd "$(dirname "$0")"
python3 -m verl.trainer.main_ppo --config-path="$PWD" --config-name=attnlab "$@"
