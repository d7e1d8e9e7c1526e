#!/bin/sh
# All that a first quarter of an hour on a GPU should tell, in under six minutes: each step has its own limit, which is
# cut to what is left of the whole (SECONDS_IN_ALL, 350), and whatever fails, the next one runs. Results are written as
# they come, the most wanted first.
#
#     sh benchmarks/lease.sh [FOLDER]        (default: lease; PYTHON=python3 names another interpreter)
#
# Needs neither network nor a writable home; CUDA is found by CUDA_HOME, by nvcc on PATH or in wheels.
out=${1:-lease}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
export PYTHONPATH="$here" PDSEARCH_CACHE_DIR="$out/cache" PYTHONDONTWRITEBYTECODE=1
if [ -z "$CUDA_HOME" ] && command -v nvcc >/dev/null; then
    CUDA_HOME=$(nvcc -v --dryrun -x cu /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p')
    [ -n "$CUDA_HOME" ] && export CUDA_HOME
fi

end=$(($(date +%s) + ${SECONDS_IN_ALL:-350}))

step() { # NAME SECONDS COMMAND ...
    name=$1 limit=$2
    shift 2
    began=$(date +%s)
    [ "$limit" -gt $((end - began)) ] && limit=$((end - began))
    if [ "$limit" -lt 3 ]; then
        echo "$name: left out, no time is left" | tee -a "$out/progress.txt"
        return
    fi
    timeout -k 2 "$limit" "$@" >"$out/$name.txt" 2>&1
    code=$?
    echo "$name: exit code $code after $(($(date +%s) - began)) s" | tee -a "$out/progress.txt"
}

bench() { # PART SECONDS
    step "$1" "$(($2 + 10))" "$python" "$here/benchmarks/gpu.py" "$1" --out "$out/gpu.jsonl" --seconds "$2"
}

toy() { # NAME SECONDS TOOL ...: a toy board under a tool
    name=$1 limit=$2
    shift 2
    step "$name" "$limit" "$@" "$python" -m pdsearch ida tiles "4 7 0 3 8 2 5 1 9 10 6 11 12 13 14 15" --device gpu
}

step versions 20 sh -c "nvidia-smi; nvcc --version; $python -m numba -s"
bench check 40
bench steps 30
bench hundred 20
step tables 40 "$python" -m pdsearch pdb build tiles 5x5 --heuristic pdb-6-6-6-6 --device gpu
bench others 30
step tests 45 "$python" -m pytest -q -p no:cacheprovider -m gpu "$here/tests"/test_gpu_*.py
bench stress 25
bench compare 30
bench graphs 15
bench sweep 25
if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck synccheck; do
        toy "$tool" 20 compute-sanitizer --tool "$tool"
    done
fi
if command -v ncu >/dev/null; then
    step ncu 30 ncu --launch-skip 8 --launch-count 1 --set full "$python" -m pdsearch ida tiles korf:10 --device gpu
fi
