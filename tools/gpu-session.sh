#!/bin/sh
# Measures what there is to measure on a machine with a GPU: the engine in Node on Dawn, natively and in Chromium,
# each beside PyTorch, as the ratios need it.
#
#   cargo build --release && node scripts/build.mjs
#   pip install -r tools/pytorch-baseline/requirements.txt
#   tools/gpu-session.sh [FOLDER [STAGE…]]   reports go to FOLDER, artifacts/bench if left out
#
# Stages: dawn (six minutes), native (five), page (four), pytorch (three); all if left out. Each stage's most telling
# work comes first. What is missing on the machine is skipped with a line that says so; what runs over its share of
# the time is cut off, and what it had measured by then is kept. After each part all reports are packed into one file,
# PACKED or FOLDER.tgz.
set -u
case ${1:-} in
  -*) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
esac
cd "$(dirname "$0")/.." || exit 1
out=${1:-artifacts/bench}
[ $# -gt 0 ] && shift
stages=${*:-dawn native page pytorch}
packed=${PACKED:-$out.tgz}
palpable=${PALPABLE:-${CARGO_TARGET_DIR:-target}/release/palpable}
python=${PYTHON:-python3}
mkdir -p "$out"

pack() {
  tar czf "$packed.part" -C "$out" . && mv "$packed.part" "$packed"
}

# limited SECONDS NAME COMMAND…: the log and how it ended.
limited() {
  seconds=$1; name=$2; shift 2
  echo "· $name"
  timeout "$seconds" "$@" > "$out/$name.log" 2>&1
  code=$?
  [ $code -eq 0 ] || echo "  ended with code $code (124: out of time); see $out/$name.log"
  pack
}

# native SECONDS NAME OPTION…
native() {
  seconds=$1; name=$2; shift 2
  limited "$seconds" "native-$name" "$palpable" bench "$@" --json "$out/native-$name.json"
}

# dawn SECONDS NAME OPTION…
dawn() {
  seconds=$1; name=$2; shift 2
  limited "$seconds" "dawn-$name" node scripts/bench-dawn.mjs "$@" --json "$out/dawn-$name.json"
}

for stage in $stages; do
  case $stage in
    dawn)
      if [ -f web/wasm/palpable.js ] && command -v node > /dev/null; then
        # A guided step is the U-Net's work with its launches recorded, as pictures are drawn: its "queued after" is
        # the host's share. Single evaluations queue every launch anew.
        dawn 60 f16 --tasks step,palp,vae --precisions f16
        dawn 60 f32 --tasks step,palp,vae --precisions f32
        dawn 50 matrix-units --tasks step,palp --precisions f16 --matrix-units
        dawn 50 packed --tasks step --precisions f16-f32,int8-f32,int8-f16
        dawn 30 unet --tasks unet
        dawn 120 operations --tasks ops
      else
        echo "· Dawn skipped: no web/wasm/palpable.js (node scripts/build-wasm.mjs) or no node"
      fi
      ;;
    native)
      if [ -x "$palpable" ]; then
        native 40 matrix-units unet --precision both --matrix-units
        native 50 unet unet --sizes 256,512,768
        native 30 vae vae
        native 60 palp palp
        native 40 palp-packed palp --precision f16-f32
        native 30 palp-integers palp --precision int8-f32
        native 60 operations ops
      else
        echo "· native skipped: no $palpable (cargo build --release)"
      fi
      ;;
    page)
      if [ -f dist/index.html ] && command -v node > /dev/null; then
        limited 240 page node scripts/bench-page.mjs --json "$out/page.json"
      else
        echo "· page skipped: no dist/ (node scripts/build.mjs) or no node"
      fi
      ;;
    pytorch)
      if "$python" -c 'import torch, diffusers, peft' 2> /dev/null; then
        limited 150 pytorch "$python" tools/pytorch-baseline/bench.py --json "$out/pytorch.json"
      else
        echo "· PyTorch skipped: pip install -r tools/pytorch-baseline/requirements.txt"
      fi
      ;;
    *)
      echo "There is no stage $stage." >&2
      exit 2
      ;;
  esac
done

[ -x "$palpable" ] && [ -f "$out/pytorch.json" ] && for ours in "$out"/dawn-*.json "$out"/native-*.json "$out/page.json"; do
  [ -f "$ours" ] && "$palpable" bench compare "$ours" "$out/pytorch.json" > "${ours%.json}-ratios.md"
done
pack
ls "$out"
