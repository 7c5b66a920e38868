#!/bin/bash -eu
# Builds every target the way OSS-Fuzz and ClusterFuzzLite expect it: $CXX and $CXXFLAGS bring sanitizer and coverage, $LIB_FUZZING_ENGINE
# the engine, and programs, seed corpora and options go to $OUT. SRC_TOP is the checkout.
top=${SRC_TOP:-$SRC/estspec}
work=${WORK:-/tmp}/estspec-fuzz
cmake -S "$top" -B "$work" -G Ninja -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1" -DCMAKE_CXX_COMPILER="$CXX" "-DCMAKE_CXX_FLAGS=$CXXFLAGS" \
  -DESTSPEC_TESTS=OFF -DESTSPEC_FUZZ=ON -DESTSPEC_FUZZ_COVERAGE=OFF "-DESTSPEC_FUZZ_ENGINE=$LIB_FUZZING_ENGINE" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=64
targets=${TARGETS:-$(ls "$top/fuzz/corpus")}
# shellcheck disable=SC2086
cmake --build "$work" --target $(for each in $targets; do echo "${each}_fuzz"; done)
for each in $targets; do
  cp "$work/bin/${each}_fuzz" "$OUT/"
  seeds=$work/seeds/$each
  mkdir -p "$seeds"
  find "$top/fuzz/corpus/$each" "$top/fuzz/regress/$each" -type f -exec cp -t "$seeds" {} + 2>/dev/null || true
  (cd "$seeds" && python3 -m zipfile -c "$OUT/${each}_fuzz_seed_corpus.zip" ./*)
  printf '[libfuzzer]\nmax_len = 16384\ntimeout = 30\n' >"$OUT/${each}_fuzz.options"
done
# What the programs are linked with must go along (OSS-Fuzz runs them elsewhere).
mkdir -p "$OUT/lib"
for each in $targets; do ldd "$OUT/${each}_fuzz" | awk '/=> \/(usr|lib)/ && /yaml-cpp|sqlite3|pugixml|fmt|libssl|libcrypto/ { print $3 }'; done | sort -u |
  while read -r library; do cp "$library" "$OUT/lib/"; done
if command -v patchelf >/dev/null; then for each in $targets; do patchelf --set-rpath '$ORIGIN/lib' "$OUT/${each}_fuzz"; done; fi
