#!/bin/bash
#SBATCH --job-name=attnlab
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=24:00:00
#SBATCH --output=%x-%j.log
# sbatch slurm.sh actor_rollout_ref.model.path=Qwen/Qwen3-1.7B
set -euo pipefail
source venv/bin/activate
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun --nodes=1 --ntasks=1 -w "$HEAD" ray start --head --port=6379 --dashboard-host=0.0.0.0 --block &
sleep 20
[ "$SLURM_NNODES" -eq 1 ] || srun --nodes=$((SLURM_NNODES - 1)) --ntasks=$((SLURM_NNODES - 1)) --exclude "$HEAD" ray start --address="$HEAD:6379" --block &
sleep 20
HEAD=$HEAD bash submit.sh trainer.nnodes="$SLURM_NNODES" "$@"
