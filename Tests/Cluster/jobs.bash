# For the tests that submit jobs to a Slurm of their own: source it in a script beside it, with $folder a new folder. Starts
# the Slurm of two nodes and stops it at the script's end, whatever that is.
#
# UNMIX_DATA, where set, is what is trained on; else drawn pictures.
root=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
tests=$root/Tests/Cluster
export LAUNCHER=${LAUNCHER:-$root/.build/release/launcher}
[ -x "$LAUNCHER" ] || { echo "${0##*/}: $LAUNCHER is not built" >&2; exit 1; }
folder=$(mktemp -d)
# munged refuses a key below a folder that others can write to, and mktemp's is not.
chmod 755 "$folder"
trap '"$tests/slurm" down "$folder/slurm"; rm -rf "$folder"' EXIT
"$tests/slurm" up "$folder/slurm" 2
# shellcheck source=/dev/null
source "$folder/slurm/env"

data=${UNMIX_DATA:-synthetic}
# Options of a small network; training with it takes seconds.
network="--data $data --base-channels 8 --blocks 2 --convolutions-per-block 1 --precision f32 --threads 1"

fail() { tail -v -n 40 "$folder"/*.log || true; echo "WRONG $1"; exit 1; }
# Waits up to $1 seconds for the rest to succeed.
await() {
  local end=$((SECONDS + $1))
  until "${@:2}"; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}
# The first $2=VALUE that Slurm says of job $1.
state() { scontrol show job "$1" | grep -oE "$2=[^ ]*" | head -1 | cut -d= -f2; }
is_over() { [[ $(state "$1" JobState) =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)$ ]]; }
is_pending() { [ "$(state "$1" JobState)" = PENDING ]; }
is_running() { [ "$(state "$1" JobState)" = RUNNING ]; }
completes() {
  await 240 is_over "$1" || fail "job $1 does not end"
  [ "$(state "$1" JobState)" = COMPLETED ] || fail "job $1 is $(state "$1" JobState) with $(state "$1" ExitCode)"
}
# Run folder $1 holds a checkpoint.
has_checkpoint() { compgen -G "$1/checkpoints/step-*" > /dev/null; }
# Run folders $1 and $2 hold the same bits, but for the times.
same_run() {
  local name
  for name in best.safetensors evaluation.json; do cmp "$1/$name" "$2/$name" || fail "$2 is another run than $1"; done
  cmp <(cut -d, -f1-9 "$1/metrics.csv") <(cut -d, -f1-9 "$2/metrics.csv") || fail "$2 has other metrics than $1"
}
# Slurm holds a requeued job for two minutes. At once is too soon: its nodes refuse a job that they have just killed.
release() { scontrol update JobId="$1" StartTime=now+3seconds; }
