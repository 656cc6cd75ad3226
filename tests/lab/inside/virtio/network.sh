# Sourced by the scenarios that need a network: what L1 serves to its guest.
mkdir -p /www
# take_back PORT FILE: what comes to the port goes to the file.
take_back() { later nc -l -p "$1" -e sh -c "exec cat >$2"; }
# serve MEGABYTES: http with /blob and its checksum, iperf3, and port 9000, which takes the blob back.
serve() {
  dd if=/dev/urandom of=/www/blob bs=1M count="$1" 2>/dev/null
  sha256sum /www/blob | cut -d' ' -f1 >/www/blob.sha256
  later httpd -f -p 80 -h /www
  later iperf3 -s >/dev/null
  take_back 9000 /tmp/case/back
}
blob_came_back() {
  wait_for 20 cmp /www/blob /tmp/case/back ||
    { echo "what the guest sent back is not what it got: $(wc -c </tmp/case/back) bytes"; return 1; }
}
# tap_device NAME ADDRESS: as the administrator would make it.
tap_device() {
  modprobe tun
  [ -e "/sys/class/net/$1" ] || tunctl -t "$1" >/dev/null || return
  ip addr replace "$2/24" dev "$1"
  ip link set "$1" up
}
# The VMM makes this one itself, with several queues; it has its address as soon as it is there.
tap_of_vmm() {
  wait_for 100 test -e "/sys/class/net/$1"
  ip addr replace "$2/24" dev "$1"
  ip link set "$1" up
}
# An "outside" for user networking: a default route, a name server, and servers on an address that is no loopback one.
outside() {
  modprobe dummy numdummies=1
  ip addr replace 10.0.9.2/24 dev dummy0
  ip link set dummy0 up
  ip route replace default via 10.0.9.1 dev dummy0
  ip addr replace 10.0.8.1/32 dev lo
  echo 'nameserver 10.0.8.1' >/etc/resolv.conf
  grep -q nobody /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>/etc/passwd
  grep -q nogroup /etc/group || echo 'nogroup:x:65534:' >>/etc/group
  later lab-dns 10.0.8.1 53 10.0.8.1
}
# The guest's port 22 is forwarded from port 2222 here: what says hello to it (run by `later`), and what must have come back.
answer_forward() {
  wait_for 300 says 'skiff-forward: ready'
  sleep 2
  echo "hello from the host" | nc 127.0.0.1 2222 >/tmp/case/forwarded
}
forward_was_answered() {
  [ "$(cat /tmp/case/forwarded)" = "forwarded by the guest" ] ||
    { echo "through the forwarded port came \"$(cat /tmp/case/forwarded)\""; return 1; }
}
