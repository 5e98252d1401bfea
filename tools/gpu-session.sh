#!/bin/sh
# Everything there is to measure on a machine with a GPU, in ten minutes: the native engine, the same
# engine in Node on Dawn, and PyTorch, one after the other, as the ratios need it.
#
#   cargo build --release && node scripts/build-wasm.mjs
#   pip install -r tools/pytorch-baseline/requirements.txt
#   tools/gpu-session.sh [FOLDER]           reports go to FOLDER, artifacts/bench if left out
#
# What is missing on the machine is skipped with a line that says so; what runs over its share of the
# time is cut off, and what it had measured by then is kept.
set -u
cd "$(dirname "$0")/.." || exit 1
out=${1:-artifacts/bench}
palpable=${PALPABLE:-${CARGO_TARGET_DIR:-target}/release/palpable}
python=${PYTHON:-python3}
mkdir -p "$out"

# limited SECONDS NAME COMMAND…: the log and how it ended.
limited() {
  seconds=$1; name=$2; shift 2
  echo "· $name"
  timeout "$seconds" "$@" > "$out/$name.log" 2>&1
  code=$?
  [ $code -eq 0 ] || echo "  ended with code $code (124: out of time); see $out/$name.log"
}

if [ -x "$palpable" ]; then
  limited 50 native-ops "$palpable" bench ops --json "$out/native-ops.json"
  limited 50 native-networks "$palpable" bench unet --json "$out/native-unet.json" --sizes 256,512,768
  limited 30 native-vae "$palpable" bench vae --json "$out/native-vae.json"
  limited 70 native-palp "$palpable" bench palp --json "$out/native-palp.json"
  limited 40 native-palp-packed "$palpable" bench palp --precision f16-f32 --json "$out/native-palp-packed.json"
  limited 40 native-matrix-units "$palpable" bench palp --precision f16 --matrix-units --json "$out/native-matrix-units.json"
else
  echo "· native skipped: no $palpable (cargo build --release)"
fi

if [ -f web/wasm/palpable.js ] && command -v node > /dev/null; then
  limited 140 dawn node scripts/bench-dawn.mjs --json "$out/dawn.json" --tasks ops,unet,vae,palp
  limited 40 dawn-matrix-units node scripts/bench-dawn.mjs --json "$out/dawn-matrix-units.json" --matrix-units \
    --precisions f16 --tasks unet,palp
else
  echo "· Dawn skipped: no web/wasm/palpable.js (node scripts/build-wasm.mjs) or no node"
fi

if "$python" -c 'import torch, diffusers, peft' 2> /dev/null; then
  limited 150 pytorch "$python" tools/pytorch-baseline/bench.py --json "$out/pytorch.json"
else
  echo "· PyTorch skipped: pip install -r tools/pytorch-baseline/requirements.txt"
fi

[ -x "$palpable" ] && [ -f "$out/pytorch.json" ] && for ours in native-ops native-unet native-vae native-palp native-palp-packed native-matrix-units dawn dawn-matrix-units; do
  [ -f "$out/$ours.json" ] && "$palpable" bench compare "$out/$ours.json" "$out/pytorch.json" > "$out/$ours-ratios.md"
done
ls "$out"
