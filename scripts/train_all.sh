#!/usr/bin/env bash
# Remake the weights of every learned part, in the order in which they rest on one another, and compare the digests.
#
#   scripts/train_all.sh PUBLISHED_DIR [PART…]
#
# PUBLISHED_DIR holds the published answers with verdicts. PART: rarities, frames, judge, reader, ranker, updates; all
# without one. PYTHON names the interpreter. Exit status 1 where a digest is another than before (docs/cards.md).
# One thread: sums of many threads differ in their last digits.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -lt 1 ] || [ ! -d "$1" ]; then
  echo "usage: scripts/train_all.sh PUBLISHED_DIR [rarities|frames|judge|reader|ranker|updates …]" >&2
  exit 2
fi
published=$1
shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(rarities frames judge reader ranker updates)
python=${PYTHON:-python}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONPATH=$PWD

train() {
  case $1 in
    rarities) "$python" scripts/train_rarities.py --write ;;
    frames) "$python" scripts/train_frames.py "$published" --write ;;
    judge) "$python" scripts/train_judge.py "$published" --write ;;
    reader)
      "$python" scripts/train_reader.py --lines --cosine
      "$python" scripts/train_reader.py --write
      ;;
    ranker) "$python" scripts/train_retrieval.py --write ;;
    updates) "$python" scripts/bench_updates.py --fit ;;
    *)
      echo "$1: no such part; known are rarities, frames, judge, reader, ranker, updates" >&2
      exit 2
      ;;
  esac
}

before=$("$python" scripts/cards.py || true)
for part in "${parts[@]}"; do
  echo "== $part"
  time train "$part"
done
after=$("$python" scripts/cards.py || true)
if [ "$before" = "$after" ]; then
  echo "all digests as before"
  exit 0
fi
echo "digests moved; update docs/cards.md (scripts/cards.py --write) and eval/core/fitted.json (scripts/fitted.py --write):"
diff <(echo "$before") <(echo "$after") || true
exit 1
