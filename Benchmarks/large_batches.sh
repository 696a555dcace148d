#!/usr/bin/env bash
# The runs of "Large global batches" in docs/results.md: every batch on equal samples, with both scalings of the learning rate.
#
#   Benchmarks/large_batches.sh DATA OUTPUT SEED...
#
# One run a core at a time, each a quarter of an hour on a core with AVX-512 BF16, or forty minutes with AVX2 and PRECISION=f32. What
# OUTPUT holds is not trained again, and a run that was stopped goes on. LAUNCHER names another program, ROWS some of the rows
# ("256 sqrt|512 sqrt").
set -euo pipefail
[ $# -ge 3 ] || { sed -n '4s/^# *//p' "$0" >&2; exit 64; }
data=$1 output=$2
shift 2
samples_of_an_epoch=8192 validated=2048 warm_up=12800

variants=("32: --global-batch 32 --steps-per-epoch 256 --validation-steps 64 --warm-up 400")
for batch in 64 128 256 512; do
  for scaling in sqrt linear; do
    variants+=("$batch $scaling: --global-batch $batch --scale-learning-rate $scaling --steps-per-epoch $((samples_of_an_epoch / batch)) \
--validation-steps $((validated / batch)) --warm-up $((warm_up / batch))")
  done
done

chosen=()
for variant in "${variants[@]}"; do
  [[ ${variant%%:*} =~ ^(${ROWS:-.*})$ ]] && chosen+=("$variant")
done
[ ${#chosen[@]} -gt 0 ] || { echo "large_batches.sh: ROWS: there is no row $ROWS" >&2; exit 64; }

exec python3 "$(dirname "$0")/ablation.py" --output "$output" --launcher "${LAUNCHER:-.build/release/launcher}" --seeds "$(IFS=,; echo "$*")" \
  --marks 4e-3,2.5e-3,0.00125,0.00105 --common "--data $data --precision ${PRECISION:-bf16} --base-channels 32 --epochs 49 --rounds 0 --keep 1" "${chosen[@]}"
