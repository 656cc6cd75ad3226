# e1000 MEGABYTES: two e1000 cards. The first is on a tap, whose offloads it uses; the second on libslirp, which has none, so
# that it sums and segments itself.
. /lab/inside/virtio/network.sh
prepare_disk || exit
serve "$1"
# What comes back by libslirp.
take_back 9001 /tmp/case/back-user
tap_device tap0 10.0.7.1
long_packets() {
  wait_for 300 says 'e1000: long packets'
  ip link set tap0 mtu 9000
}
later long_packets
devices pci
root_disk
card e1000
tap tap0 mac=52:54:00:12:34:56
user_net libslirp
guest e1000 || exit
blob_came_back || exit
head -c 4194304 /www/blob >/tmp/case/part
wait_for 20 cmp /tmp/case/part /tmp/case/back-user ||
  { echo "by libslirp came $(wc -c </tmp/case/back-user) bytes, or others"; exit 1; }
clean_messages
