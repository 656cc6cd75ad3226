# check-dmesg.sh CONSOLE ALLOWED: fails if the raw kernel messages in CONSOLE ("<level>[time] text") hold an error or a
# warning that no line of ALLOWED (extended regular expressions) covers, or anything bad about ACPI or firmware at any level.
console=$1 allowed=/tmp/case/allowed
grep -vE '^(#|$)' "$2" >$allowed
tr -d '\r' <"$console" | grep -aE '^<[0-9]+>' >/tmp/case/dmesg
lines=$(wc -l </tmp/case/dmesg)
if [ "$lines" -lt 100 ]; then
  echo "only $lines kernel messages: something is missing"
  exit 1
fi
# The low three bits of the number are the level: 0-3 errors and worse, 4 warnings.
awk 'match($0, /^<[0-9]+>/) { n = substr($0, 2, RLENGTH - 2); if (n % 8 <= 4) print }' /tmp/case/dmesg >/tmp/case/bad
grep -aE 'ACPI.*(Error|Warning|Exception|BIOS Error)|ACPI BIOS|Firmware Bug|firmware bug|BUG:|WARNING:|Call Trace|Oops' \
  /tmp/case/dmesg >>/tmp/case/bad
sort -u /tmp/case/bad | grep -avE -f $allowed >/tmp/case/left
if [ -s /tmp/case/left ]; then
  echo "kernel messages that no real machine shows:"
  cat /tmp/case/left
  exit 1
fi
