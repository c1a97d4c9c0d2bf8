#!/bin/bash
#SBATCH --job-name=attnlab
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=24:00:00
#SBATCH --output=%x-%j.log
# sbatch slurm.sh --model Qwen/Qwen3-1.7B --vllm
set -euo pipefail
source venv/bin/activate
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun --kill-on-bad-exit=1 bash -c 'accelerate launch --config_file accelerate/several_nodes.yaml \
  --num_machines "$SLURM_NNODES" --num_processes "$((SLURM_NNODES * 8))" --machine_rank "$SLURM_NODEID" \
  --main_process_ip "$0" --main_process_port 29500 train.py "$@"' "$HEAD" "$@"
