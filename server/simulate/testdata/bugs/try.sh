#!/bin/sh
# Puts each of the faults beside this file into a copy of what is committed, one after the other, and plays from seed 0 until
# the simulation finds it. Ends with 1 where one is not found in 200 s.
set -eu
root=$(git rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
missed=0
for patch in "$root"/server/simulate/testdata/bugs/*.patch; do
	rm -rf "$copy/tree" && mkdir "$copy/tree"
	git -C "$root" archive HEAD | tar -x -C "$copy/tree"
	cd "$copy/tree"
	git apply "$patch"
	go build -o "$copy/simulate" ./server/simulate/run
	if "$copy/simulate" -floor dense -for 200s -seed 0 -agents 8 -each 20m -talk-every 2m -talk-for 1m \
		-restless 0.85 -rough -quiet -shrink 1s >"$copy/out"; then
		echo "$(basename "$patch" .patch): not found"
		missed=1
	elif ! grep -q '^seed' "$copy/out"; then
		echo "$(basename "$patch" .patch): could not be played"
		missed=1
	else
		echo "$(basename "$patch" .patch): $(grep -m1 '^seed' "$copy/out")"
	fi
done
exit $missed
