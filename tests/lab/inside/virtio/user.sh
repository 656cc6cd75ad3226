# user passt|libslirp MEGABYTES: user networking: DHCP, DNS, what is outside, a port forwarded into the guest.
. /lab/inside/virtio/network.sh
prepare_disk || exit
outside
serve "$2"
devices pci
root_disk
user_net "$1" 'tcp:127.0.0.1:2222->22'
later answer_forward
guest user || exit
blob_came_back || exit
forward_was_answered || exit
# Nothing of it stays behind.
wait_for 10 sh -c '! pidof passt passt.avx2' || { echo "passt still runs"; exit 1; }
clean_messages
