// What disks and cards look like where there are no ports.
#include "guest/bench/block_device.h"
#include "guest/bench/net_device.h"

const struct BlockFace block_faces[] = {{"virtio-pci", block_virtio_pci_open},
                                        {"virtio-mmio", block_virtio_mmio_open},
                                        {"nvme", block_nvme_open},
                                        {0, 0}};

const struct NetFace net_faces[] = {{"virtio-pci", net_virtio_pci_open},
                                    {"virtio-mmio", net_virtio_mmio_open},
                                    {"e1000", net_e1000_open},
                                    {0, 0}};
