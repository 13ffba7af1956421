#!/bin/sh
# Trains, exports and measures the shipped models on one CPU core, about four hours when quiet:
#   bench/train_models.sh CLIPS     CLIPS: folder for clips and checkpoints
# HUMANDYN_DATA is the folder of the recordings.
set -eu
clips=$1
: "${HUMANDYN_DATA:?set it to the folder of the recordings}"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
bin=${BIN:-.venv/bin}
make_clips() { # split seed minutes [options]
    folder=$clips/$1-$2
    [ -d "$folder" ] && return
    split=$1 seed=$2 minutes=$3
    shift 3
    "$bin/humandyn" synthesize --split "$split" --seed "$seed" --minutes "$minutes" --rate-hz 60 \
        --noise clean --uncorrected --data "$HUMANDYN_DATA" --out "$folder" "$@"
}
make_clips train 1 60
make_clips train 2 60
make_clips train 11 60 --kinds walk turn --themes walk run turn
make_clips train 12 60 --kinds walk turn --themes walk run turn
make_clips validation 3 8
"$bin/python" -m bench.plates --out "$clips"
"$bin/python" -m bench.said --data "$clips"
train() { # model task seeds options: what ships is the mean of all seeds
    model=$1 task=$2 seeds=$3
    shift 3
    for seed in $seeds; do
        rm -rf "$clips/runs/${model}_$seed"
        "$bin/humandyn" train "$task" --data "$clips" --out "$clips/runs/${model}_$seed" --quiet \
            --set training.seed=$seed "$@"
    done
    "$bin/humandyn" export "$task" "$clips/runs/$model"_[012]/best.safetensors \
        --out "models/$model" --small
}
train hybrid hybrid '0 1'
train imdys_causal imdys '0 1 2' --config config/training/imdys_cpu.yaml --set net.causal=true
train imdys imdys '0 1 2' --config config/training/imdys_cpu.yaml
train hdys hdys '0 1 2' --config config/training/hdys_cpu.yaml
"$bin/python" -m bench.engines
for model in hybrid imdys imdys_causal hdys; do
    "$bin/python" -m bench.seeds "$clips/runs/$model"_[012]/best.safetensors --engine $model
done
"$bin/python" -m bench.model_cards --data "$clips"
