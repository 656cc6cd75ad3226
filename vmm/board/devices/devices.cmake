# The devices of vmm/board/device_table.cc, and the rooms they come from.
set(SKIFF_DEVICE_SOURCES
  device_controls.cc device_table.cc virtio_devices.cc
  devices/console_device.cc devices/disk_device.cc devices/e1000_device.cc devices/ide_device.cc devices/net_device.cc
  devices/nvme_device.cc devices/rng_device.cc)
set(SKIFF_DEVICE_ROOMS
  virtio_transport virtio_block virtio_console virtio_net virtio_rng devices_e1000 devices_ide devices_nvme
  vmm_disk vmm_net)
