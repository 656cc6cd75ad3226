#!/bin/sh
# case-result.sh DIR CASE: how a case went that cases.sh --out DIR has played: its messages, the end of the guest's console,
# and its status. 77 (skipped) if the lab could not be set up.
results=$1/results name=$2
if [ -e "$1/skipped" ]; then
  cat "$1/skipped"
  exit 77
fi
if [ ! -e "$results/$name.status" ]; then
  echo "lab: $name was not played: the machine stopped before it"
  exit 1
fi
status=$(cat "$results/$name.status")
if [ -e "$results/$name.first-out" ]; then
  echo "lab: $name failed at its first try:"
  cat "$results/$name.first-out"
  passed_at=second
  if [ -e "$results/$name.second-out" ]; then
    echo "lab: $name failed at its second try:"
    cat "$results/$name.second-out"
    passed_at=third
  fi
  [ "$status" != 0 ] || echo "lab: $name passed only at its $passed_at try"
fi
[ "$status" = 0 ] && exit 0
cat "$results/$name.out"
echo "--- end of the guest's console:"
tail -n 25 "$results/$name.console"
exit 1
