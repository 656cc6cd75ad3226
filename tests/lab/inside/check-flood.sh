# check-flood.sh CONSOLE KIB: CONSOLE holds exactly the lines that guest/x86_64/programs/flood.c documents.
awk -v kib="$2" 'BEGIN {
  for (i = 0; i < 104; ++i) letters = letters substr("abcdefghijklmnopqrstuvwxyz", i % 26 + 1, 1)
  for (i = 0; i < kib * 16; ++i) printf "%08x %s\n", i, substr(letters, i % 26 + 1, 54)
  printf "flood: %d bytes\n", kib * 1024
}' >/tmp/case/expected
if ! cmp -s /tmp/case/expected "$1"; then
  echo "bytes were lost, added or changed: expected $(wc -c </tmp/case/expected), got $(wc -c <"$1"); first difference:"
  cmp /tmp/case/expected "$1" 2>&1
  exit 1
fi
