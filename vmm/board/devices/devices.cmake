# The devices of vmm/board/device_table.cc, and the rooms they come from.
set(SKIFF_DEVICE_SOURCES
  device_table.cc virtio_devices.cc
  devices/console_device.cc devices/rng_device.cc)
set(SKIFF_DEVICE_ROOMS virtio_transport virtio_console virtio_rng)
# Until these rooms are there, their devices are left out.
if(TARGET virtio_block AND TARGET vmm_disk)
  list(APPEND SKIFF_DEVICE_SOURCES devices/disk_device.cc)
  list(APPEND SKIFF_DEVICE_ROOMS virtio_block vmm_disk)
  set_source_files_properties(device_table.cc PROPERTIES COMPILE_DEFINITIONS SKIFF_HAS_DISK)
endif()
if(TARGET virtio_net AND TARGET vmm_net)
  list(APPEND SKIFF_DEVICE_SOURCES devices/net_device.cc)
  list(APPEND SKIFF_DEVICE_ROOMS virtio_net vmm_net)
  set_property(SOURCE device_table.cc APPEND PROPERTY COMPILE_DEFINITIONS SKIFF_HAS_NET)
endif()
